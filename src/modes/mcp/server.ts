// The server: tools, resources and prompts over one session. Every call goes through the gate (commands/execute.ts) with
// the client as the principal and the rules as they are now; calls are done one after the other.
import type { AgentActs } from '../../commands/mcp-access.ts'
import { execute } from '../../commands/execute.ts'
import { policyFor } from '../../commands/policy.ts'
import { Failure, toFailure } from '../../lib/errors.ts'
import type { McpRules, Principal } from '../../lib/gate.ts'
import { printable } from '../../lib/names.ts'
import { secretsIn } from '../../lib/secret.ts'
import { actOf } from './act.ts'
import { readArguments } from './arguments.ts'
import type { AskByPage, Host } from './host.ts'
import { NOT_FOR_AGENTS } from './not-for-agents.ts'
import { instructions, prompt, prompts } from './prompts.ts'
import { failed, success, toPlain } from './result.ts'
import type { CallResult } from './result.ts'
import type { Answers, Call, Client, Session } from './sdk.ts'
import type { AnyInput, SessionState, Tool } from './tool.ts'
import { chosen, described } from './tools.ts'
import type { Begin, HttpWish } from './http.ts'
import { listen, send } from './wire.ts'

const REFUSALS_WITHIN = 60_000
/** Longest wait for calls that are being worked on when the input has ended. */
const DRAIN_MILLISECONDS = 10_000

const LONGEST_PURPOSE = 120

const UNKNOWN: Client = { name: 'unknown', version: '' }

export interface Serving {
  tools: string
  refusals: number
  /** Whether the owner may be asked on a page, where the client opens one. */
  page: 'auto' | 'none'
}

/** Serves until `input` ends or `stop` says so, then finishes what was asked. Throws a failure before it serves. */
export async function serve(
  host: Host,
  wish: Serving,
  input: ReadableStream<Uint8Array>,
  stop: AbortSignal,
): Promise<void> {
  const { session, drain } = await (await sessions(host, wish, true))(send)
  await listen(input, (message) => session.receive(message), stop)
  await drain()
}

/** The same over HTTP, for several clients; `ready` is told the port. */
export async function serveOverHttp(
  host: Host,
  wish: Serving & { http: HttpWish },
  stop: AbortSignal,
  ready: (port: number) => void,
): Promise<void> {
  const { serveHttp } = await import('./http.ts')
  await serveHttp(wish.http, await sessions(host, wish, false), stop, ready)
}

/** What begins sessions; `asks`: the client can be asked things. They have one vault, so they take turns. */
async function sessions(host: Host, wish: Serving, asks: boolean): Promise<Begin> {
  const tools = chosen(wish.tools)
  await host.checkRules()
  const { startSession } = await import('./sdk.ts')
  const about = {
    name: 'tinyvault',
    title: 'TinyVault',
    version: host.version,
    instructions,
  }
  const turns = new Turns()
  return async (say) => {
    const server = new McpServer(host, tools, wish, turns)
    const session = await startSession(about, server, say as (message: unknown) => void, () => {
      void server.greeted(asks)
    })
    server.session = session
    return { session, drain: () => server.drain() }
  }
}

/** One thing after the other: none finds the vault in the middle of another. */
class Turns {
  #last: Promise<void> = Promise.resolve()

  /** `leave` lets the next begin earlier. */
  take<T>(act: (leave: () => void) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const mine = this.#last.then(() => act(resolve))
    const over = (): void => resolve()
    mine.then(over, over)
    this.#last = promise
    return mine
  }
}

class McpServer implements Answers {
  session: Session | undefined
  readonly #host: Host
  readonly #tools: readonly Tool[]
  /** So many calls that were refused or named nothing within a minute are no mistakes but a search. */
  readonly #mostRefusals: number
  readonly #state: SessionState = { project: undefined }
  readonly #turns: Turns
  readonly #page: Serving['page']
  /** Nobody is there any more to open a page. */
  readonly #ended = new AbortController()
  #refusals: number[] = []
  #lockedOut = false

  constructor(host: Host, tools: readonly Tool[], { refusals, page }: Serving, turns: Turns) {
    this.#turns = turns
    this.#mostRefusals = refusals
    this.#page = page
    this.#host = host
    this.#tools = tools
  }

  /** The client is there and waits for nothing: time to open the vault. */
  async greeted(asks: boolean): Promise<void> {
    // After the answers that are on their way.
    await new Promise((resolve) => setTimeout(resolve, 0))
    await this.#inTurn(() => this.#host.warm())
    if (asks) await this.readRoots()
  }

  /** The directories that the client works in. They can only narrow those of the server. */
  async readRoots(): Promise<void> {
    const uris = await this.session?.roots()
    if (uris) this.#host.narrow?.(uris)
  }

  async drain(): Promise<void> {
    this.#ended.abort()
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
    const never = NOT_FOR_AGENTS.get(call.name)
    if (!tool && !never) return undefined
    try {
      if (this.#lockedOut) {
        throw new Failure('denied', 'too many calls were refused; this session is over', {
          hint: 'ask the owner, who can start it again',
        })
      }
      if (!tool) throw await this.#never(call.name, never!)
      return await this.#perform(tool, call)
    } catch (error) {
      const failure = toFailure(error)
      if (failure.kind === 'denied' || failure.kind === 'not_found') this.#countRefusal()
      return failed(failure)
    }
  }

  /** Why a tool that no policy can allow is refused; written down like every refusal. */
  async #never(tool: string, { why, instead }: { why: string; instead: string }): Promise<Failure> {
    const principal = this.#principal(await this.#rules())
    await this.#inTurn(() => this.#host.refused({ command: 'mcp', tool, principal, rule: why }))
    return new Failure('denied', `not for an AI agent: ${why}`, { code: 'not_for_agents', hint: instead })
  }

  /** While the owner is waited for, others have their turn. */
  async #perform(tool: Tool, call: Call): Promise<CallResult> {
    const { signal, progress } = call
    const principal = await this.#inTurn(() => this.#asker(tool, signal))
    const attempt = (): Promise<CallResult> => this.#inTurn((leave) => this.#attempt(tool, call, principal, leave))
    if (!this.#host.withApproval) return attempt()
    return this.#host.withApproval({ principal, signal, progress, ...this.#byPage(tool) }, attempt)
  }

  /** How the owner is asked by way of the client, when it opens pages. What that takes is loaded when somebody waits. */
  #byPage({ name }: Tool): { byPage?: AskByPage } {
    const { session } = this
    if (this.#page === 'none' || !session?.opensPages) return {}
    return { byPage: async (question) => (await import('./ask-by-page.ts')).askByPage(session, name, question) }
  }

  /** Who asks, under the rules of now; a refusal is written down. */
  async #asker(tool: Tool, signal: AbortSignal): Promise<Principal> {
    if (signal.aborted) throw new Failure('cancelled', 'cancelled')
    const principal = this.#principal(await this.#rules())
    const { allow, rule } = permitted(tool, principal)
    if (!allow) await this.#host.refused({ command: tool.command.path, tool: tool.name, principal, rule })
    return principal
  }

  /** Reads the arguments anew: a command wipes the values that it was given. */
  async #attempt(tool: Tool, call: Call, principal: Principal, leave: () => void): Promise<CallResult> {
    const { signal, progress } = call
    if (signal.aborted) throw new Failure('cancelled', 'cancelled')
    const { command } = tool
    const { input, project, purpose } = readArguments(tool, call.arguments)
    const why = purpose === undefined ? {} : { purpose: printable(purpose.slice(0, LONGEST_PURPOSE)) }
    let answer: CallResult | undefined
    const { context, meant } = await orWiped(input, async () =>
      this.#host.context({
        command,
        principal,
        project: project ?? this.#state.project,
        progress,
        audit: { tool: tool.name, ...why, ...tool.audit?.(input) },
        signal,
        leave,
        ...actOf(tool, input, purpose),
      }),
    )
    const told = {
      input,
      get project() {
        return meant()
      },
    }
    await execute(
      command,
      input,
      async () => ({ ...context, acts: { ...context.acts!, ...this.#session(principal, tool) } }),
      (result) => {
        answer = success(toPlain(tool.result(result, told), command.effect))
      },
    )
    tool.after?.(this.#state, told)
    return answer ?? failed(new Failure('internal', 'the command has no result'))
  }

  /** What a call may ask about its session of tier 2. */
  #session(principal: Principal, tool: Tool): Pick<AgentActs, 'session' | 'askUnlock'> {
    const host = this.#host
    const { byPage } = this.#byPage(tool)
    const page = byPage && { byPage, signal: this.#ended.signal }
    return {
      session: async () =>
        host.sessionStatus?.(principal) ?? { locked: true, uses_left: 0, seconds_left: 0, pending: 0, agent: false },
      askUnlock: async (purpose) => {
        if (host.sessionUnlock) return host.sessionUnlock(principal, purpose, page)
        throw new Failure('denied', 'nobody can be asked here', { code: 'approval_required', hint: 'tvault unlock' })
      },
    }
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
      return tool && (await this.#perform(tool, call)).content[0]?.text
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

  #inTurn<T>(act: (leave: () => void) => Promise<T>): Promise<T> {
    return this.#turns.take(act)
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

/** `make()`; when it fails, the values of a call that then never runs are wiped. */
async function orWiped<T>(input: AnyInput, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    for (const secret of secretsIn(input)) secret.wipe()
    throw error
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
