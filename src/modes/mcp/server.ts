// The server: tools, resources and prompts over one session. Every call goes through the gate (commands/execute.ts) with
// the client as the principal and the rules as they are now; calls are done one after the other.
import { execute } from '../../commands/execute.ts'
import { policyFor } from '../../commands/policy.ts'
import { Failure, toFailure } from '../../lib/errors.ts'
import type { McpRules, Principal } from '../../lib/gate.ts'
import { readArguments } from './arguments.ts'
import type { Host } from './host.ts'
import { instructions, prompt, prompts } from './prompts.ts'
import { failed, success, toPlain } from './result.ts'
import type { CallResult } from './result.ts'
import type { Answers, Call, Client, Session } from './sdk.ts'
import type { SessionState, Tool } from './tool.ts'
import { chosen, described } from './tools.ts'
import { listen, send } from './wire.ts'

const REFUSALS_WITHIN = 60_000
/** Longest wait for calls that are being worked on when the input has ended. */
const DRAIN_MILLISECONDS = 10_000

const UNKNOWN: Client = { name: 'unknown', version: '' }

/** Serves until `input` ends or `stop` says so, then finishes what was asked. Throws a failure before it serves. */
export async function serve(
  host: Host,
  wish: { tools: string; refusals: number },
  input: ReadableStream<Uint8Array>,
  stop: AbortSignal,
): Promise<void> {
  const tools = chosen(wish.tools)
  const { rules } = await host.rules()
  const { startSession } = await import('./sdk.ts')
  const server = new McpServer(host, tools, wish.refusals)
  const about = {
    name: 'tinyvault',
    title: 'TinyVault',
    version: host.version,
    instructions: () => instructions(rules),
  }
  server.session = await startSession(about, server, send, () => void server.greeted())
  await listen(input, (message) => server.session?.receive(message), stop)
  await server.drain()
}

class McpServer implements Answers {
  session: Session | undefined
  readonly #host: Host
  readonly #tools: readonly Tool[]
  /** So many calls that were refused or named nothing within a minute are no mistakes but a search. */
  readonly #mostRefusals: number
  readonly #state: SessionState = { project: undefined }
  #turn: Promise<void> = Promise.resolve()
  #refusals: number[] = []
  #lockedOut = false

  constructor(host: Host, tools: readonly Tool[], mostRefusals: number) {
    this.#mostRefusals = mostRefusals
    this.#host = host
    this.#tools = tools
  }

  /** The client is there and waits for nothing: time to open the vault. */
  async greeted(): Promise<void> {
    // After the answers that are on their way.
    await new Promise((resolve) => setTimeout(resolve, 0))
    await this.#inTurn(() => this.#host.warm())
  }

  async drain(): Promise<void> {
    const until = performance.now() + DRAIN_MILLISECONDS
    while ((this.session?.working ?? 0) > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await this.session?.close()
  }

  /** Only what the policy permits is offered. */
  async tools(): Promise<object[]> {
    const principal = this.#principal(await this.#rules())
    return this.#tools.filter((tool) => permitted(tool, principal).allow).map(described)
  }

  async call(call: Call): Promise<CallResult | undefined> {
    const tool = this.#tools.find(({ name }) => name === call.name)
    if (!tool) return undefined
    try {
      if (this.#lockedOut) {
        throw new Failure('denied', 'too many calls were refused; this session is over', {
          hint: 'ask the owner, who can start it again',
        })
      }
      return await this.#inTurn((leave) => this.#perform(tool, call, leave))
    } catch (error) {
      const failure = toFailure(error)
      if (failure.kind === 'denied' || failure.kind === 'not_found') this.#countRefusal()
      return failed(failure)
    }
  }

  async #perform(tool: Tool, call: Call, leave: () => void): Promise<CallResult> {
    const { arguments: given, signal, progress } = call
    if (signal.aborted) throw new Failure('cancelled', 'cancelled')
    const { command } = tool
    const principal = this.#principal(await this.#rules())
    const { allow, rule } = permitted(tool, principal)
    if (!allow) await this.#host.refused({ command: command.path, tool: tool.name, principal, rule })
    const { input, project } = readArguments(tool, given)
    let answer: CallResult | undefined
    const audit = { tool: tool.name, ...tool.audit?.(input) }
    const open = { command, principal, project: project ?? this.#state.project, progress, audit, signal, leave }
    const { context, meant } = await this.#host.context(open)
    const told = {
      input,
      get project() {
        return meant()
      },
    }
    await execute(
      command,
      input,
      async () => context,
      (result) => {
        answer = success(toPlain(tool.result(result, told), command.effect))
      },
    )
    tool.after?.(this.#state, told)
    return answer ?? failed(new Failure('internal', 'the command has no result'))
  }

  async resources(): Promise<object[]> {
    return [
      { uri: 'vault://status', name: 'status', title: 'State of the vault', mimeType: 'application/json' },
      { uri: 'vault://projects', name: 'projects', title: 'Projects', mimeType: 'application/json' },
    ]
  }

  async templates(): Promise<object[]> {
    return [
      {
        uriTemplate: 'vault://projects/{name}/keys',
        name: 'project-keys',
        title: 'Names of the secrets of a project',
        mimeType: 'application/json',
      },
    ]
  }

  /** Resources are tools of the full set under another name: same gate, same rules. */
  async resource(uri: string): Promise<string | undefined> {
    const [, path = ''] = /^t?vault:\/\/(.*)$/.exec(uri) ?? []
    const keys = /^projects\/([^/]+)\/keys$/.exec(path)
    const project = keys && decoded(keys[1]!)
    if (path === 'status') return this.#read('vault_status', {})
    if (path === 'projects') return this.#read('vault_list_projects', {})
    return typeof project === 'string' ? this.#read('vault_list_secrets', { project }) : undefined
  }

  async #read(name: string, given: object): Promise<string | undefined> {
    const tool = chosen('full').find((one) => one.name === name)
    const call = { name, arguments: given, signal: new AbortController().signal, progress: () => undefined }
    try {
      return tool && (await this.#inTurn((leave) => this.#perform(tool, call, leave))).content[0]?.text
    } catch (error) {
      if (toFailure(error).kind === 'not_found') this.#countRefusal()
      return undefined
    }
  }

  prompts = prompts
  prompt = prompt

  #principal(rules: McpRules): Principal {
    const { name, version } = this.session?.client ?? UNKNOWN
    return { kind: 'mcp', client: name, version, rules }
  }

  async #rules(): Promise<McpRules> {
    const { rules, changed } = await this.#host.rules()
    if (changed) this.session?.toolsChanged()
    return rules
  }

  /** One thing after the other: none finds the vault in the middle of another. `leave` lets the next begin earlier. */
  #inTurn<T>(act: (leave: () => void) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const mine = this.#turn.then(() => act(resolve))
    const over = (): void => resolve()
    mine.then(over, over)
    this.#turn = promise
    return mine
  }

  #countRefusal(): void {
    const now = performance.now()
    this.#refusals = [...this.#refusals.filter((at) => now - at < REFUSALS_WITHIN), now]
    if (this.#lockedOut || this.#refusals.length < this.#mostRefusals) return
    this.#lockedOut = true
    const principal = this.#principal({
      source: '',
      mode: 'read-only',
      exec: false,
      redact: true,
      projects: NONE,
      keys: NONE,
      reads: 0,
    })
    this.#host.note(
      `tvault mcp: ${this.#mostRefusals} calls within a minute were refused; this client gets nothing any more`,
    )
    void this.#host.refused({ command: 'mcp', tool: '', principal, rule: 'locked out: too many refusals' })
  }
}

const NONE = { allow: [], deny: [] }

function permitted({ command }: Tool, principal: Principal): { allow: boolean; rule: string } {
  return policyFor(principal).decide({ principal, command: command.path, effect: command.effect })
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
