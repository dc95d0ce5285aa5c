// The vault of an MCP server. Names are read from the file; values come from the agent where one runs and has the key,
// to which this is the client and never the owner, else from the vault opened here with a passphrase that some source
// tells, through the same gate (mcp-gate.ts). Nobody is asked: standard input is the protocol's.
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { realpathSync } from 'node:fs'
import type { Context } from '../commands/context.ts'
import type { McpWish } from '../commands/mcp-access.ts'
import { build } from '../lib/build.ts'
import { Failure, toFailure } from '../lib/errors.ts'
import { lstatOrNothing } from '../lib/files.ts'
import type { Act, Asker, Decision, McpRules, Principal } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import { processIdentity } from '../lib/process.ts'
import { vaultFile } from '../lib/paths.ts'
import { socketPath } from '../modes/agent/socket-path.ts'
import type { Host, HostCall, CallContext, SessionLeft } from '../modes/mcp/host.ts'
import type { Vault } from '../vault/vault.ts'
import type { View } from '../vault/view.ts'
import { lockStamp } from './lock-stamp.ts'
import { folderWithin, mcpContext } from './mcp-context.ts'
import { AgentSide, clientOf } from './mcp-agent.ts'
import { Doings, readToken } from './mcp-acts.ts'
import { redactingHere, redactingThere } from './mcp-redacting.ts'
import type { ScopeRedaction } from './mcp-redacting.ts'
import { narrowed } from './mcp-roots.ts'
import { McpGate } from './mcp-gate.ts'
import { Opened } from './opened.ts'
import { fromSources } from './passphrase.ts'
import type { Surroundings } from './passphrase.ts'
import { stateFailure } from './states.ts'

/** Longest wait for the write lock of another process: a client waits for the answer. */
const LOCK_MILLISECONDS = 3000

/** So many programs run side by side. */
const MOST_PROGRAMS = 8
/** Milliseconds between two words about a program that runs. */
const PULSE = 1000
/** Milliseconds between two looks whether the owner locked the vault. */
const WATCH = 1000
/** The agent reads no more of who is still a stranger. */
const MOST_ARGUMENT_BYTES = 32_768

interface Options extends Surroundings {
  noAgent: boolean
  note: (text: string) => void
}

/** Serves on standard input and output until the input ends. Throws `not_initialized`, and `failed` for a bad policy. */
export async function serveMcp(wish: McpWish, options: Options): Promise<void> {
  if (!lstatOrNothing(vaultFile(options.directory))) {
    throw (
      stateFailure(options.directory, { state: 'absent', detail: '' }) ??
      new Failure('internal', 'a vault that is not there')
    )
  }
  const host = new VaultHost(
    { ...options, noAgent: options.noAgent || !mayAsk(wish.connect, options.directory) },
    rootsOf(wish.roots),
    wish,
    await McpGate.load(options.directory),
  )
  const stop = new AbortController()
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  const end = (): void => stop.abort()
  for (const signal of signals) process.on(signal, end)
  try {
    const { serve, serveOverHttp } = await import('../modes/mcp/server.ts')
    if (wish.http === undefined) await serve(host, wish, Bun.stdin.stream(), stop.signal)
    else {
      const http = { port: wish.http.port, token: await readToken(wish.http.tokenFile) }
      await serveOverHttp(host, { ...wish, http }, stop.signal, (port) =>
        options.note(`tvault mcp: http://127.0.0.1:${port}/mcp`),
      )
    }
  } finally {
    for (const signal of signals) process.off(signal, end)
    await host.close()
  }
}

/** Whether an agent may be asked. There is one for a vault directory; another would serve another vault. */
function mayAsk(connect: string, directory: string): boolean {
  if (connect === 'auto' || connect === 'none') return connect === 'auto'
  if (connect === `unix://${socketPath(directory)}`) return true
  throw new Failure('usage', '--connect names no agent of this vault', {
    hint: `auto, none, or unix://${socketPath(directory)}`,
  })
}

/** Real paths of the named directories; without one the current directory, unless it is a home or a root. */
function rootsOf(named: readonly string[]): string[] {
  if (named.length > 0) {
    return named.map((path) => {
      try {
        return realpathSync(resolve(path))
      } catch (error) {
        throw new Failure('usage', `--root: there is no directory ${printable(path)}`, { cause: error })
      }
    })
  }
  const here = process.cwd()
  return here === '/' || here === homedir() ? [] : [realpathSync(here)]
}

/** The vault with its key, wherever that is. */
interface Keyed {
  view: View
  redacting: (projects: readonly string[]) => Promise<ScopeRedaction | undefined>
  close: () => void
}

class VaultHost implements Host {
  readonly version = build.version
  readonly #options: Options
  /** Where the owner lets it, and of that what the client works in. */
  readonly #owned: readonly string[]
  #roots: readonly string[]
  readonly #doings: Doings
  readonly #gate: McpGate
  /** The rules that were told last. */
  #rules: McpRules | undefined
  readonly #file: Opened
  readonly #agent: AgentSide
  /** How it was when the server began: who locks the vault makes it another one. */
  readonly #stamp: string
  #watch: ReturnType<typeof setInterval> | undefined
  /** Programs that run; those that are left when the server ends are ended, and what they set up is taken down. */
  readonly #programs = new Set<Promise<unknown>>()
  readonly #ending = new AbortController()
  /** Why the passphrase of the source is of no use; it is not tried again. */
  #useless: Failure | undefined

  constructor(options: Options, roots: readonly string[], wish: McpWish, gate: McpGate) {
    this.#options = options
    this.#owned = roots
    this.#roots = roots
    const { environment, directory: vault } = options
    const { network, hosts, inside, http } = wish
    const hidden = http === undefined ? [] : [resolve(http.tokenFile)]
    this.#doings = new Doings({ environment, vault, roots: () => this.#roots, network, hosts, inside, hidden })
    this.#gate = gate
    this.#agent = new AgentSide(options)
    this.#stamp = lockStamp(options.directory)
    this.#file = new Opened(options.directory, 'write', LOCK_MILLISECONDS)
  }

  async checkRules(): Promise<void> {
    try {
      this.#rules = this.#gate.checkFile()
    } catch {
      // It does not count where the vault has a policy; else this fails in the same way.
      this.#rules = this.#gate.rules(await this.#fresh())
    }
  }

  async rules(): Promise<{ rules: McpRules; changed: boolean }> {
    const rules = this.#gate.rules(await this.#fresh())
    const changed = this.#rules !== undefined && this.#rules !== rules
    this.#rules = rules
    return { rules, changed }
  }

  note(text: string): void {
    this.#options.note(text)
  }

  async context(call: HostCall): Promise<CallContext> {
    const { command, principal, project, progress, audit, signal, leave } = call
    const { directory: vault } = this.#options
    const act = this.#realAct(call)
    const { client, version } = clientOf(principal)
    const asked = { client, version, command: command.path, effect: command.effect, act }
    const vaultNow = await this.#fresh()
    const asker = this.#gate.asker(vaultNow, { ...asked, via: { ...audit, via: 'mcp' } })
    const { randomOf } = await import('../crypto/random.ts')
    let opened: Keyed | undefined
    const settle: Context['settle'] = async (result) => opened?.view.settle(result)
    const release = async (): Promise<void> => {
      await settle('ok')
      leave()
    }
    const redacting: Keyed['redacting'] = async (projects) => {
      opened ??= await this.#keyed(asker, audit)
      return opened.redacting(projects)
    }
    return mcpContext({
      principal,
      command: command.path,
      directory: vault,
      project,
      roots: this.#roots,
      build,
      progress,
      random: async (charset, length) => randomOf(charset, length),
      names: async () => this.#gate.names(await this.#fresh(), asker),
      vault: async () => {
        opened ??= await this.#keyed(asker, audit)
        return opened.view
      },
      acts: this.#doings.acts({ signal, release, redacting }, isOwn(principal)),
      runConfined: async (launch, directory) => {
        const { output = launch.output, network } = limitsOf(asker, launch.inject)
        const now = { signal: AbortSignal.any([signal, this.#ending.signal]), release, redacting }
        return this.#besideOthers(launch.timeoutSeconds, progress, () =>
          this.#doings.run({ ...launch, output }, directory, now, network),
        )
      },
      settle,
      release: async () => {
        opened?.close()
        opened = undefined
      },
    })
  }

  narrow(uris: readonly string[]): void {
    this.#roots = narrowed(this.#owned, uris)
  }

  /** What is done, with the folder as it really is. Throws `denied` for one that is not below a root. */
  #realAct({ act = {} }: HostCall): Act {
    if (!act.argv) return act
    if (JSON.stringify(act.argv).length > MOST_ARGUMENT_BYTES)
      throw new Failure('usage', 'too many words for a program')
    return { ...act, directory: folderWithin(this.#roots, act.directory, this.#options.directory) }
  }

  withApproval<T>(wait: Parameters<NonNullable<Host['withApproval']>>[0], attempt: () => Promise<T>): Promise<T> {
    return this.#agent.withApproval(wait, attempt)
  }

  sessionStatus(principal: Principal): Promise<SessionLeft> {
    return this.#agent.status(principal)
  }

  sessionUnlock(
    principal: Principal,
    purpose: string,
    page?: Parameters<NonNullable<Host['sessionUnlock']>>[2],
  ): Promise<{ request: string; seconds: number }> {
    return this.#agent.askSession(principal, purpose, page)
  }

  /** Runs a program and tells how long it has been running, in seconds of its limit. Throws `busy` for one too many. */
  async #besideOthers<T>(limit: number, progress: HostCall['progress'], run: () => Promise<T>): Promise<T> {
    if (this.#programs.size >= MOST_PROGRAMS) {
      throw new Failure('busy', `${MOST_PROGRAMS} programs are running already`, { hint: 'wait for one to end' })
    }
    const began = performance.now()
    const timer = setInterval(() => progress(Math.round((performance.now() - began) / 1000), limit), PULSE)
    const running = run()
    this.#programs.add(running)
    try {
      return await running
    } finally {
      clearInterval(timer)
      this.#programs.delete(running)
    }
  }

  async refused({ command, tool, principal, rule }: Parameters<Host['refused']>[0]): Promise<void> {
    try {
      if (await this.#agent.refused(principal, { command, tool, rule })) return
      // The log is signed with the key, so it is opened for that, if nobody has to be asked.
      const vault = await this.#own()
      const asked = { ...clientOf(principal), command, effect: 'none', act: {}, via: { via: 'mcp' } } as const
      vault.refused(this.#gate.asker(vault, asked), { rule, ...(tool !== '' && { tool }) })
    } catch {
      // The refusal stands, written down or not.
    }
  }

  async warm(): Promise<void> {
    try {
      if (!(await this.#agent.runs())) await this.#own()
    } catch (error) {
      const { kind, message } = toFailure(error)
      if (kind !== 'locked') this.note(`tvault mcp: ${message}`)
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#watch)
    this.#ending.abort()
    await Promise.allSettled(this.#programs)
    this.#doings.forget()
    this.#gate.redactions.wipe()
    await this.#agent.settled()
    await this.#file.close()
  }

  /** The vault as it is on the disk now, with its key if it was opened here. */
  async #fresh(): Promise<Vault> {
    const vault = await this.#file.vault()
    const store = await this.#file.store()
    store.refresh()
    if (lockStamp(this.#options.directory) !== this.#stamp) {
      forget(vault)
      this.#gate.redactions.wipe()
      this.#doings.forget()
      this.#useless = new Failure('locked', 'the owner locked the vault', {
        hint: 'the owner runs: tvault unlock, or starts tvault mcp again',
      })
    } else if (vault.unlocked && !vault.belongs()) {
      forget(vault)
      this.#gate.redactions.wipe()
      this.#useless = new Failure('locked', 'the passphrase was changed meanwhile', {
        hint: 'the owner starts tvault mcp again, or tvault unlock',
      })
    }
    return vault
  }

  /** A handle that opens values: the agent's, where it is judged as what it is, else our own. Throws `locked`. */
  async #keyed(asker: Asker, audit: HostCall['audit']): Promise<Keyed> {
    const session = await this.#agent.session(asker, audit)
    if (session) {
      const { view, client } = session
      return { view, redacting: async (of) => client && redactingThere(client, of), close: () => session.close() }
    }
    const view = this.#gate.view(await this.#own(), asker, processIdentity(process.pid))
    const redacting: Keyed['redacting'] = async (projects) => {
      const found = (await this.#own()).confidential(asker, projects)
      if (found.size > 0) return redactingHere(await this.#gate.redactor(asker, projects, found))
      return undefined
    }
    return { view, redacting, close: () => undefined }
  }

  /** The vault opened here. Throws `locked` when nothing tells the passphrase. */
  async #own(): Promise<Vault> {
    const vault = await this.#fresh()
    if (vault.unlocked) return vault
    if (this.#useless) throw this.#useless
    const next = async () => {
      const found = await fromSources(this.#options, 'TVAULT_PASSPHRASE')
      if (found) return found
      throw new Failure('locked', 'the vault is locked, and nobody is asked here', {
        hint: 'the owner runs: tvault unlock',
      })
    }
    try {
      await this.#file.unlocked(next, this.#options.note)
      // A key that nobody asks for must go away as well when the owner locks the vault.
      this.#watch ??= setInterval(() => void this.#fresh().catch(() => vault.lock()), WATCH)
      this.#watch.unref()
      return vault
    } catch (error) {
      const failure = toFailure(error)
      if (failure.kind === 'wrong_passphrase') this.#useless = failure
      throw failure
    }
  }
}

/** Zeroes the keys; cipher contexts that used them are zeroed when they are collected. */
function forget(vault: Vault): void {
  if (!vault.unlocked) return
  vault.lock()
  Bun.gc(true)
}

/** What the rules for secrets say about a program that is given them. */
function limitsOf(
  { principal, command, policy, act }: Asker,
  given: readonly { project: string; name: string }[],
): Partial<Decision> {
  const about = { principal, command, effect: 'inject', ...(act && { act }) } as const
  const decisions = given.map(({ project, name: key }) => policy.decide({ ...about, project, key }))
  const output = decisions.find((one) => one.output)?.output
  const network = decisions.find((one) => one.network)?.network
  return { ...(output && { output }), ...(network && { network }) }
}

/** Whether a policy of the vault decides, and not the words that the server was started with. */
function isOwn(principal: Principal): boolean {
  return principal.kind === 'mcp' && principal.rules.own !== undefined
}
