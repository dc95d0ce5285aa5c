// The composition root: puts together what one command may ask for (`Context` in commands/context.ts). It knows
// every room, and it loads the heavy ones (store, vault, prompts, guard) only inside the methods that need them.
import type { Context, Globals, NamedIdentity } from './commands/context.ts'
import type { Command } from './commands/define.ts'
import type { Identity } from './crypto/recipient.ts'
import type { Description } from './faces/description.ts'
import type { OpenMigration } from './context/migrate.ts'
import { childMethods } from './context/children.ts'
import { fileMethods } from './context/files.ts'
import { Opened } from './context/opened.ts'
import { Taken, fromSources, fromTerminal, seconds } from './context/passphrase.ts'
import type { Passphrase } from './context/passphrase.ts'
import { startProgress } from './context/progress.ts'
import { makeStyle, wantsColour } from './context/style.ts'
import { topic, topics } from './context/topics.ts'
import { build } from './lib/build.ts'
import { Failure } from './lib/errors.ts'
import { principalName } from './lib/gate.ts'
import type { Asker, Principal } from './lib/gate.ts'
import { isTerminal, lockMemory, terminalSize } from './lib/native.ts'
import { err } from './lib/out.ts'
import type { AgentSession } from './context/agent.ts'
import { TerminalAsk } from './modes/cli/prompt.ts'
import { SETTINGS } from './settings.ts'
import type { View } from './vault/view.ts'

/** Commands that make a vault take their new passphrase from the sources of the present one. */
const MAKES_A_VAULT = 'init'

/** Commands that hold keys for hours. */
const STAYS: ReadonlySet<string> = new Set(['agent start', 'mcp'])

/** A login shell waits for this command, so it waits for others only shortly. */
const STARTS_A_SHELL = 'shell-init'

/**
 * The context of one call of `command`. Takes passphrases out of the environment and closes the process to others
 * (no core dump, no memory access) before it returns, when the command is one that holds keys.
 */
export async function createContext(options: {
  globals: Globals
  command: Command
  catalog: () => readonly Description[]
}): Promise<Context> {
  const { globals, command, catalog } = options
  if (command.holdsKeys) {
    const { harden } = await import('./lib/native.ts')
    harden()
  }
  const environment = process.env
  const taken = await Taken.fromEnvironment(environment)
  if (STAYS.has(command.path)) await taken.cleanMemory(environment)
  const [stdinIsTerminal, stdoutIsTerminal] = [isTerminal(0), isTerminal(1)]
  const ask = new TerminalAsk({ stdinIsTerminal, dumb: !environment['TERM'] || environment['TERM'] === 'dumb' })
  const principal: Principal = { kind: 'owner', interactive: ask.possible }
  const note = (text: string) => err(`${text}\n`)

  const patience = command.path === STARTS_A_SHELL ? 2 : 10
  const lockMilliseconds = () => 1000 * seconds(environment, 'TVAULT_LOCK_TIMEOUT', patience, 0)
  const verified = new Set<string>()

  let opened: Opened | undefined
  const file = () => {
    opened ??= new Opened(globals.directory, command.effect, lockMilliseconds())
    return opened
  }
  let view: View | undefined

  const asker = async (who: Principal = principal): Promise<Asker> => {
    const { policyFor } = await import('./commands/policy.ts')
    return { principal: who, command: command.path, effect: command.effect, policy: policyFor(who) }
  }

  // The words of the peer, for programs that type at a terminal.
  const label = command.path === 'key rotate' ? 'Current passphrase: ' : 'Enter passphrase: '
  const current = async (): Promise<Passphrase> => {
    const found = await fromSources({ environment, taken, directory: globals.directory }, 'TVAULT_PASSPHRASE')
    return found ?? fromTerminal(ask, label, 'TVAULT_PASSPHRASE')
  }

  /** A shell that is starting waits for its secrets, so a source gets less time here. */
  const untold = async (): Promise<Passphrase> => {
    const hurried = { TVAULT_PASSPHRASE_TIMEOUT: '5', ...environment }
    const found = await fromSources({ environment: hurried, taken, directory: globals.directory }, 'TVAULT_PASSPHRASE')
    if (found) return found
    throw new Failure('locked', 'a passphrase is needed, and nobody is asked here')
  }

  const identities: Identity[] = []
  /** Remembers what is to be wiped at the end. */
  const kept = <T extends Identity | NamedIdentity>(found: T): T => {
    identities.push('identity' in found ? found.identity : found)
    return found
  }

  let migration: OpenMigration | undefined

  const caller = () => ({
    command: command.path,
    effect: command.effect,
    interactive: ask.possible,
    version: build.version,
    note,
  })
  let asked: { session: AgentSession | undefined } | undefined
  /** The agent's session of this command, if an agent runs and may be used. */
  const session = async (): Promise<AgentSession | undefined> => {
    if (globals.noAgent) return undefined
    if (asked) return asked.session
    const { agentSession } = await import('./context/agent.ts')
    const token = () => taken.copy('TVAULT_AGENT_TOKEN')
    asked = { session: await agentSession({ ...caller(), directory: globals.directory, token }) }
    return asked.session
  }

  const release = async () => {
    taken.wipe()
    migration?.close()
    migration = undefined
    for (const identity of identities) identity.wipe()
    const closing = opened
    opened = undefined
    view = undefined
    asked?.session?.close()
    asked = { session: undefined }
    await closing?.close()
  }

  const leave = async () => {
    view?.settle('ok')
    await release()
  }

  return {
    principal,
    command: command.path,
    globals,
    style: makeStyle(wantsColour(environment, stdoutIsTerminal), terminalSize(1)?.columns || 80),
    ask,
    stdinIsTerminal,
    stdoutIsTerminal,
    build,
    settings: SETTINGS,
    catalog,
    topic,
    topics,
    note,
    release,
    ...fileMethods({ environment, taken, globals, ask }),
    ...childMethods({ environment, interactive: ask.possible, note, leave }),

    async names() {
      if (view) return view
      const remote = await session()
      // One that speaks only v1 knows no names; its file says by itself what it is.
      if (remote?.client) return remote.view
      return (await file().vault()).names(await asker())
    },

    async vault({ ask: mayAsk = true, agentOnly = false } = {}) {
      if (view) return view
      const remote = await session()
      if (remote?.unlocked) {
        view = remote.view
        return view
      }
      if (agentOnly) throw new Failure('locked', 'no agent has the key of this vault')
      const vault = await file().unlocked(mayAsk ? current : untold, note, () => taken.copy('TVAULT_PASSPHRASE'))
      view = vault.view(await asker())
      return view
    },

    async unlocked() {
      const vault = await file().unlocked(current, note)
      view = vault.view(await asker())
      return view
    },

    async vaultAs(found) {
      if (view) throw new Failure('internal', 'the vault is open already, for somebody else')
      const vault = await file().vault()
      const who: Principal = { kind: 'identity', ...vault.unlockWith(found) }
      view = vault.view(await asker(who))
      return view
    },

    async create(passphrase, kdf) {
      const [{ makeVault }, { Vault }] = await Promise.all([import('./context/place.ts'), import('./vault/vault.ts')])
      const header = await makeVault(globals.directory, lockMilliseconds(), (store) => {
        const vault = Vault.create(store, passphrase, kdf, { protect: lockMemory })
        vault.lock()
        return vault.header
      })
      return { directory: globals.directory, header }
    },

    async passphrase(purpose, { force = false } = {}) {
      if (purpose === 'current') return (await current()).secret
      const { newPassphrase } = await import('./context/new-passphrase.ts')
      const variable = command.path === MAKES_A_VAULT ? 'TVAULT_PASSPHRASE' : 'TVAULT_NEW_PASSPHRASE'
      return newPassphrase({ environment, taken, directory: globals.directory }, variable, { ask, note, force })
    },

    async agent() {
      const { agentAccess } = await import('./context/agent-access.ts')
      const token = () => taken.copy('TVAULT_AGENT_TOKEN')
      const directory = () => globals.directory
      const forget = () => taken.wipe()
      const rest = { environment, ask, lockMilliseconds, passphrase: current, token, forget }
      return agentAccess({ ...caller(), directory, ...rest })
    },

    async inspect({ deep }) {
      const { inspect } = await import('./context/inspect.ts')
      return inspect({ environment, taken, directory: globals.directory, build, ask }, deep)
    },

    async restore(path, { dryRun, structureOnly = false }) {
      const { restore } = await import('./context/restore.ts')
      const surroundings = { environment, taken, directory: globals.directory }
      const known = async () =>
        (await fromSources(surroundings, 'TVAULT_PASSPHRASE')) ??
        (ask.possible ? fromTerminal(ask, 'Passphrase of the backup: ', 'TVAULT_PASSPHRASE') : undefined)
      await opened?.close()
      opened = undefined
      return restore(path, {
        directory: globals.directory,
        dryRun,
        lockMilliseconds: lockMilliseconds(),
        passphrase: structureOnly ? async () => undefined : known,
        asker: await asker(),
        note,
        progress: startProgress('checking', isTerminal(2)),
        verified,
      })
    },

    async migrate(wish) {
      const { openMigration } = await import('./context/migrate.ts')
      const surroundings = { environment, taken, directory: globals.directory }
      const known = async () => {
        const found = await fromSources(surroundings, 'TVAULT_PASSPHRASE')
        if (found || (wish.dryRun && !ask.possible)) return found
        return fromTerminal(ask, 'Passphrase of the Go vault: ', 'TVAULT_PASSPHRASE')
      }
      migration?.close()
      migration = undefined
      migration = await openMigration({
        ...wish,
        directory: wish.to,
        lockMilliseconds: lockMilliseconds(),
        passphrase: known,
        principal: principalName(principal),
        note,
        progress: startProgress('moving', isTerminal(2)),
      })
      return migration
    },

    async identities(wish) {
      const { findIdentities } = await import('./context/identities.ts')
      const directory = () => globals.directory
      const around = { environment, taken, directory, note: wish.quiet ? () => undefined : note }
      return (await findIdentities(around, wish)).map(kept)
    },

    identityExported: taken.has('TVAULT_IDENTITY_KEY'),

    identityFiles: {
      async create(name) {
        const { createIdentity } = await import('./context/identities.ts')
        return kept(await createIdentity(globals.directory, name))
      },
      async list() {
        const { listIdentities } = await import('./context/identities.ts')
        return listIdentities(globals.directory)
      },
      async load(name) {
        const { loadIdentity } = await import('./context/identities.ts')
        return kept(await loadIdentity(globals.directory, name, note))
      },
    },

    project: (names) => globals.project ?? (names.currentProject() || 'default'),

    async random(charset, length) {
      const { randomOf } = await import('./crypto/random.ts')
      return randomOf(charset, length)
    },

    async runConfined() {
      throw new Failure('internal', 'programs are confined for AI agents only')
    },

    async updates() {
      return (await import('./context/updates.ts')).updates
    },

    async mcp(this: Context) {
      const { mcpAccess } = await import('./context/mcp-access.ts')
      const { noAgent } = globals
      const names = () => this.names()
      return mcpAccess({ environment, taken, directory: () => globals.directory, noAgent, names, note })
    },

    progress: (label) => startProgress(label, isTerminal(2)),

    async settle(result) {
      view?.settle(result)
    },
  }
}
