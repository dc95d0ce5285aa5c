// The vault of an MCP server. Names are read from the file; values come from the agent where one runs and has the key,
// else from the vault opened here with a passphrase that some source tells. Nobody is asked: standard input is the
// protocol's. Each call gets a handle of its own, scoped to the client and the command.
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { realpathSync } from 'node:fs'
import type { Context } from '../commands/context.ts'
import type { McpWish } from '../commands/mcp-access.ts'
import { policyFor } from '../commands/policy.ts'
import { build } from '../lib/build.ts'
import { Failure, toFailure } from '../lib/errors.ts'
import { lstatOrNothing } from '../lib/files.ts'
import type { Asker, McpRules, Principal } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import { vaultFile } from '../lib/paths.ts'
import { socketPath } from '../modes/agent/socket-path.ts'
import type { Host, HostCall, CallContext } from '../modes/mcp/host.ts'
import type { Vault } from '../vault/vault.ts'
import type { View } from '../vault/view.ts'
import { agentSession } from './agent.ts'
import type { AgentSession } from './agent.ts'
import { mcpContext } from './mcp-context.ts'
import { FollowedRules } from './mcp-policy.ts'
import { Reads, mcpNames, mcpView } from './mcp-view.ts'
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
    wish.network,
  )
  const stop = new AbortController()
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  const end = (): void => stop.abort()
  for (const signal of signals) process.on(signal, end)
  try {
    const { serve } = await import('../modes/mcp/server.ts')
    await serve(host, wish, Bun.stdin.stream(), stop.signal)
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

class VaultHost implements Host {
  readonly version = build.version
  readonly #options: Options
  readonly #roots: readonly string[]
  readonly #network: 'any' | 'none'
  readonly #rules: FollowedRules
  readonly #reads = new Reads()
  readonly #file: Opened
  #running = 0
  /** Why the passphrase of the source is of no use; it is not tried again. */
  #useless: Failure | undefined

  constructor(options: Options, roots: readonly string[], network: 'any' | 'none') {
    this.#options = options
    this.#network = network
    this.#roots = roots
    this.#rules = new FollowedRules(options.directory)
    this.#file = new Opened(options.directory, 'write', LOCK_MILLISECONDS)
  }

  rules(): Promise<{ rules: McpRules; changed: boolean }> {
    return this.#rules.now()
  }

  note(text: string): void {
    this.#options.note(text)
  }

  async context(call: HostCall): Promise<CallContext> {
    const { command, principal, project, progress, audit, signal, leave } = call
    const { environment, directory: vault } = this.#options
    const asker = askerOf(principal, command.path, command.effect, audit)
    const { randomOf } = await import('../crypto/random.ts')
    let opened: { view: View; close: () => void } | undefined
    const settle: Context['settle'] = async (result) => opened?.view.settle(result)
    return mcpContext({
      principal,
      command: command.path,
      directory: vault,
      project,
      roots: this.#roots,
      build,
      progress,
      random: async (charset, length) => randomOf(charset, length),
      names: async () => mcpNames((await this.#fresh()).names(asker)),
      vault: async () => {
        opened ??= await this.#keyed(asker)
        return opened.view
      },
      runConfined: async (launch, directory) => {
        const { runForAgent } = await import('./mcp-exec.ts')
        const release = async (): Promise<void> => {
          await settle('ok')
          leave()
        }
        const [roots, network] = [this.#roots, this.#network]
        return this.#besideOthers(launch.timeoutSeconds, progress, () =>
          runForAgent(launch, { environment, vault, roots, directory, network, cancel: signal, release }),
        )
      },
      settle,
      release: async () => {
        opened?.close()
        opened = undefined
      },
    })
  }

  /** Runs a program and tells how long it has been running, in seconds of its limit. Throws `busy` for one too many. */
  async #besideOthers<T>(limit: number, progress: HostCall['progress'], run: () => Promise<T>): Promise<T> {
    if (this.#running >= MOST_PROGRAMS) {
      throw new Failure('busy', `${MOST_PROGRAMS} programs are running already`, { hint: 'wait for one to end' })
    }
    this.#running += 1
    const began = performance.now()
    const timer = setInterval(() => progress(Math.round((performance.now() - began) / 1000), limit), PULSE)
    try {
      return await run()
    } finally {
      clearInterval(timer)
      this.#running -= 1
    }
  }

  async refused({ command, tool, principal, rule }: Parameters<Host['refused']>[0]): Promise<void> {
    try {
      // The log is signed with the key, so it is opened for that, if nobody has to be asked.
      const vault = await this.#own()
      vault.refused(askerOf(principal, command, 'none', {}), { rule, ...(tool !== '' && { tool }) })
    } catch {
      // The refusal stands, written down or not.
    }
  }

  async warm(): Promise<void> {
    try {
      const session = await this.#agent('mcp', 'none')
      if (session) session.close()
      else await this.#own()
    } catch (error) {
      const { kind, message } = toFailure(error)
      if (kind !== 'locked') this.note(`tvault mcp: ${message}`)
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  /** The vault as it is on the disk now, with its key if it was opened here. */
  async #fresh(): Promise<Vault> {
    const vault = await this.#file.vault()
    const store = await this.#file.store()
    store.refresh()
    if (vault.unlocked && !vault.belongs()) {
      vault.lock()
      this.#useless = new Failure('locked', 'the passphrase was changed meanwhile', {
        hint: 'the owner starts tvault mcp again, or tvault unlock',
      })
    }
    return vault
  }

  /** A handle that opens values: the agent's, else our own. Throws `locked`. */
  async #keyed(asker: Asker): Promise<{ view: View; close: () => void }> {
    const { steeredBy } = await import('../guard/confined-environment.ts')
    const bounds = { reads: this.#reads, steers: steeredBy }
    const vault = await this.#fresh()
    const session = await this.#agent(asker.command, asker.effect)
    if (session) {
      return { view: mcpView(vault.names(asker), session.view, asker, bounds), close: () => session.close() }
    }
    const own = (await this.#own()).view(asker)
    return { view: mcpView(own, own, asker, bounds), close: () => undefined }
  }

  /** The session of the agent for one command, when it runs and has the key. To it we are the owner. */
  async #agent(command: string, effect: Asker['effect']): Promise<AgentSession | undefined> {
    const { noAgent, directory, taken, note } = this.#options
    if (noAgent) return undefined
    const token = (): ReturnType<typeof taken.copy> => taken.copy('TVAULT_AGENT_TOKEN')
    const named = command.startsWith('mcp') ? command : `mcp ${command}`
    const { version } = build
    const session = await agentSession({ directory, command: named, effect, interactive: false, version, token, note })
    // One that speaks only v1 gives whole values and knows nothing else.
    if (session?.client && session.unlocked) return session
    session?.close()
    return undefined
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
      return await this.#file.unlocked(next, this.#options.note)
    } catch (error) {
      const failure = toFailure(error)
      if (failure.kind === 'wrong_passphrase') this.#useless = failure
      throw failure
    }
  }
}

function askerOf(
  principal: Principal,
  command: string,
  effect: Asker['effect'],
  audit: Readonly<Record<string, string>>,
): Asker {
  return { principal, command, effect, policy: policyFor(principal), via: { via: 'mcp', ...audit } }
}
