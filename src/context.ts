// The composition root: puts together what one command may ask for (`Context` in commands/define.ts). It knows
// every room, and it loads the heavy ones (store, vault, prompts, guard) only inside the methods that need them.
import type { Command, Context, Globals, Launch } from './commands/define.ts'
import type { Description } from './faces/description.ts'
import { Opened } from './context/opened.ts'
import { Taken, fromSources, fromTerminal, seconds } from './context/passphrase.ts'
import type { Passphrase } from './context/passphrase.ts'
import { startProgress } from './context/progress.ts'
import { makeStyle, wantsColour } from './context/style.ts'
import { topic, topics } from './context/topics.ts'
import { build } from './lib/build.ts'
import { utf8 } from './lib/bytes.ts'
import { Failure } from './lib/errors.ts'
import { fileFailure, readSafely, writeAtomically } from './lib/files.ts'
import type { Asker, Principal } from './lib/gate.ts'
import { isTerminal, lockMemory, terminalSize } from './lib/native.ts'
import { err } from './lib/out.ts'
import { Secret } from './lib/secret.ts'
import { readToEnd } from './lib/stdin.ts'
import { TerminalAsk } from './modes/cli/prompt.ts'
import type { View } from './vault/view.ts'

/** Commands that make a vault take their new passphrase from the sources of the present one. */
const MAKES_A_VAULT = 'init'

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
  const [stdinIsTerminal, stdoutIsTerminal] = [isTerminal(0), isTerminal(1)]
  const ask = new TerminalAsk({ stdinIsTerminal, dumb: !environment['TERM'] || environment['TERM'] === 'dumb' })
  const principal: Principal = { kind: 'owner', interactive: ask.possible }
  const note = (text: string) => err(`${text}\n`)

  const lockMilliseconds = () => 1000 * seconds(environment, 'TVAULT_LOCK_TIMEOUT', 10, 0)
  const verified = new Set<string>()

  let opened: Opened | undefined
  const file = () => {
    opened ??= new Opened(globals.directory, command.effect, lockMilliseconds())
    return opened
  }
  let view: View | undefined

  const asker = async (): Promise<Asker> => {
    const { policyFor } = await import('./commands/policy.ts')
    return { principal, command: command.path, effect: command.effect, policy: policyFor(principal) }
  }

  // The words of the peer, for programs that type at a terminal.
  const label = command.path === 'key rotate' ? 'Current passphrase: ' : 'Enter passphrase: '
  const current = async (): Promise<Passphrase> => {
    const found = await fromSources({ environment, taken, directory: globals.directory }, 'TVAULT_PASSPHRASE')
    return found ?? fromTerminal(ask, label, 'TVAULT_PASSPHRASE')
  }

  const release = async () => {
    taken.wipe()
    const closing = opened
    opened = undefined
    view = undefined
    await closing?.close()
  }

  return {
    principal,
    globals,
    style: makeStyle(wantsColour(environment, stdoutIsTerminal), terminalSize(1)?.columns || 80),
    ask,
    stdinIsTerminal,
    stdoutIsTerminal,
    build,
    catalog,
    topic,
    topics,
    note,
    release,

    async names() {
      const vault = await file().vault()
      return view ?? vault.names(await asker())
    },

    async vault() {
      if (view) return view
      const vault = await file().unlocked(current, note)
      view = vault.view(await asker())
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

    project: (names) => globals.project ?? (names.currentProject() || 'default'),

    async readFile(path, { maxBytes, stdin = false }) {
      if (path !== '-') return readSafely(path, maxBytes)
      if (stdin) return readToEnd(0, maxBytes).reveal()
      throw new Failure('usage', 'standard input cannot be used here', { hint: 'for a file called -, write ./-' })
    },

    async writeFile(path, content, { overwrite }) {
      const bytes = typeof content === 'string' ? utf8(content) : content.reveal()
      writeAtomically(path, bytes, { overwrite, outside: globals.directory })
    },

    async dotenvFiles(directory) {
      const [{ readdirSync }, { isDotenvName }] = await Promise.all([
        import('node:fs'),
        import('./formats/dotenv-files.ts'),
      ])
      try {
        const entries = readdirSync(directory, { withFileTypes: true })
        return entries
          .filter((entry) => entry.isFile() && isDotenvName(entry.name))
          .map(({ name }) => name)
          .sort()
      } catch (error) {
        throw fileFailure(error, directory, 'read')
      }
    },

    async random(charset, length) {
      const { randomText, uuid } = await import('./crypto/random.ts')
      return charset === 'uuid' ? Secret.fromText(uuid()) : new Secret(randomText(length, charset))
    },

    async stdin(maxBytes): Promise<Secret> {
      return readToEnd(0, maxBytes)
    },

    progress: (label) => startProgress(label, isTerminal(2)),

    async settle(result) {
      view?.settle(result)
    },

    async become(launch: Launch) {
      const { become } = await import('./guard/spawn.ts')
      // Nothing of us is left afterwards to say how it went, so the audit records are completed at the last moment.
      const leave = async () => {
        view?.settle('ok')
        await release()
      }
      return become(launch, { environment, release: leave })
    },
  }
}
