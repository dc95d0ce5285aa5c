// A room to try command bodies in: a real vault in memory behind a Context whose terminal, files and programs are
// played by the test. Values that come out are opened here, so that a test can look at them.
import { randomText, uuid } from '../../src/crypto/random.ts'
import { KDF_FLOOR } from '../../src/crypto/kdf.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { openMemory } from '../../src/store/memory.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { makeStyle } from '../../src/context/style.ts'
import type { Command, Context, Fields, Human, Input, Inspection, Launch, Restored } from '../../src/commands/define.ts'
import type { FailureKind } from '../../src/lib/errors.ts'
import type { Asker } from '../../src/lib/gate.ts'

/** What the played surroundings are, and what they saw. */
export interface Played {
  /** Files by path; `-` is standard input. */
  files: Record<string, Uint8Array>
  stdinIsTerminal: boolean
  stdoutIsTerminal: boolean
  project: string | undefined
  /** Answers to questions, first first; none left means no. */
  answers: boolean[]
  /** Typed at hidden prompts, first first. */
  hidden: string[]
  inspection: Inspection
  restored: Restored
  /** Everything asked and noted, in order. */
  said: string[]
  launched: { command: readonly string[]; inject: Record<string, string>; clean: boolean } | undefined
  restores: { path: string; dryRun: boolean }[]
  directory: string
  /** Played instead of the copy, when given. */
  backup:
    | ((path: string, options: { overwrite: boolean }) => { bytes: number; secrets: number; sha256: string })
    | undefined
}

/** One call of a command, as the frame would show it. */
export interface Called {
  out: string
  bytes: Uint8Array
  note: string
  /** What --json prints, parsed; secrets as text. */
  json: unknown
  exit: number
}

export interface Room {
  played: Played
  vault: Vault
  call<I extends Fields, R>(command: Command<I, R>, input?: Partial<Input<I>>): Promise<Called>
  /** The kind of the failure that the call ends in, and its message. */
  fails<I extends Fields, R>(
    command: Command<I, R>,
    input?: Partial<Input<I>>,
  ): Promise<{ kind: FailureKind; message: string }>
}

export const DIRECTORY = '/nowhere/vault'
export const PASSPHRASE = 'correct horse battery'

export function room(): Room {
  const store = openMemory({ tables: TABLES })
  const passphrase = Secret.fromText(PASSPHRASE)
  const vault = Vault.create(store, passphrase, KDF_FLOOR)
  const played: Played = {
    files: {},
    stdinIsTerminal: true,
    stdoutIsTerminal: false,
    project: undefined,
    answers: [],
    hidden: [],
    inspection: { directory: DIRECTORY, state: 'ok', checks: [] },
    restored: {
      vaultId: vault.header.vaultId,
      projects: 1,
      secrets: 2,
      newest: 0n,
      verified: 'values',
      kept: undefined,
    },
    said: [],
    launched: undefined,
    restores: [],
    directory: DIRECTORY,
    backup: undefined,
  }
  const run = async <I extends Fields, R>(command: Command<I, R>, input: Partial<Input<I>>) => {
    const flags = Object.entries(command.input).filter(([, field]) => field.kind === 'flag')
    const full = { ...Object.fromEntries(flags.map(([name]) => [name, false])), ...input } as Input<I>
    return { full, result: await command.run(context(vault, played, command), full) }
  }
  return {
    played,
    vault,
    async call(command, input = {}) {
      played.said = []
      const { full, result } = await run(command, input)
      const style = makeStyle(false, 80)
      const human = parts(command.human?.(result, style, full))
      const data = (command.json ? command.json(result, full) : result) ?? null
      return { ...human, json: JSON.parse(JSON.stringify(data, open)), exit: command.exitCode?.(result) ?? 0 }
    },
    async fails(command, input = {}) {
      played.said = []
      try {
        await run(command, input)
      } catch (error) {
        if (error instanceof Failure) return { kind: error.kind, message: error.message }
        throw error
      }
      throw new Error(`${command.path} did not fail`)
    },
  }
}

function parts(human: Human): { out: string; bytes: Uint8Array; note: string } {
  if (human === undefined) return parts('')
  if (typeof human === 'string') return { out: human, bytes: utf8(human), note: '' }
  if (human instanceof Secret) return { out: text(human.reveal()) ?? '', bytes: human.reveal().slice(), note: '' }
  return { ...parts(human.out), note: human.note ?? '' }
}

/** A replacer that sees a Secret before its own toJSON hides it. */
function open(this: unknown, key: string, value: unknown): unknown {
  const held = (this as Record<string, unknown>)[key]
  if (held instanceof Secret) return text(held.reveal())
  return typeof value === 'bigint' ? value.toString() : value
}

function context(vault: Vault, played: Played, command: Pick<Command, 'path' | 'effect'>): Context {
  const asker: Asker = {
    principal: { kind: 'owner', interactive: true },
    command: command.path,
    effect: command.effect,
    policy: { decide: () => ({ allow: true, rule: 'test' }) },
  }
  const refuse = (): never => {
    throw new Error('not played')
  }
  return {
    principal: asker.principal,
    globals: { directory: played.directory, project: played.project, json: false, verbose: false },
    style: makeStyle(false, 80),
    ask: {
      possible: true,
      async hidden(label) {
        played.said.push(label)
        const typed = played.hidden.shift()
        if (typed === undefined) throw new Failure('locked', 'nobody answers')
        return Secret.fromText(typed)
      },
      async confirm(question) {
        played.said.push(question)
        return played.answers.shift() ?? false
      },
      choose: refuse,
    },
    async names() {
      const names = vault.names(asker)
      const { backup } = played
      if (backup) names.backup = async (path, options) => backup(path, options)
      return names
    },
    vault: async () => vault.view(asker),
    create: async () => ({ directory: DIRECTORY, header: vault.header }),
    passphrase: async () => Secret.fromText(played.hidden.shift() ?? ''),
    inspect: async () => played.inspection,
    async restore(path, { dryRun }) {
      played.restores.push({ path, dryRun })
      return played.restored
    },
    project: (names) => played.project ?? names.currentProject(),
    async readFile(path) {
      const file = played.files[path]
      if (!file) throw new Failure('failed', `no file ${path}`)
      return file.slice()
    },
    writeFile: refuse,
    dotenvFiles: refuse,
    random: async (charset, length) =>
      charset === 'uuid' ? Secret.fromText(uuid()) : new Secret(randomText(length, charset)),
    stdin: refuse,
    stdinIsTerminal: played.stdinIsTerminal,
    stdoutIsTerminal: played.stdoutIsTerminal,
    async become({ command: words, inject, clean }: Launch) {
      const values = inject.map(({ name, value }) => [name, text(value.reveal())])
      played.launched = { command: words, inject: Object.fromEntries(values), clean }
      return undefined as never
    },
    progress: () => () => undefined,
    settle: async () => undefined,
    release: async () => undefined,
    note: (words) => void played.said.push(words),
    catalog: () => [],
    topic: async () => undefined,
    topics: () => [],
    build: { version: '0.0.0', commit: 'none', platform: 'test' },
  }
}
