// A room to try command bodies in: a real vault in memory behind a Context whose terminal, files and programs are
// played by the test. Values that come out are opened here, so that a test can look at them.
import { randomOf } from '../../src/crypto/random.ts'
import { Identity } from '../../src/crypto/recipient.ts'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { openMemory } from '../../src/store/memory.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { policyFor } from '../../src/commands/policy.ts'
import { readForeign } from '../../src/context/foreign.ts'
import { makeStyle } from '../../src/context/style.ts'
import type { Context, Inspection, Launch, Restored } from '../../src/commands/context.ts'
import type { Command, Fields, Human, Input } from '../../src/commands/define.ts'
import type { Migration, MigrationWish } from '../../src/commands/context.ts'
import type { AgentAccess } from '../../src/commands/agent-access.ts'
import type { FailureKind } from '../../src/lib/errors.ts'
import { SETTINGS } from '../../src/settings.ts'
import type { Asker, McpRules } from '../../src/lib/gate.ts'
import type { McpClientFile } from '../../src/commands/mcp-access.ts'
import { parsePolicy } from '../../src/formats/policy.ts'
import { METADATA_ONLY, ownRules } from '../../src/commands/policy-mcp.ts'
import type { Tracking } from '../../src/git/tracked.ts'
import type { Store } from '../../src/store/store.ts'

/** What the played surroundings are, and what they saw. */
export interface Played {
  /** Files by path; `-` is standard input. */
  files: Record<string, Uint8Array>
  stdinIsTerminal: boolean
  stdoutIsTerminal: boolean
  project: string | undefined
  /** Answers to questions, first first; none left means no. */
  answers: boolean[]
  /** What happens while the person thinks. */
  meanwhile: () => void
  /** How git sees every file. */
  git: Tracking
  /** Typed at hidden prompts, first first. */
  hidden: string[]
  /** What the agent is like when it is asked how it is. */
  agent: 'none' | 'locked' | 'unlocked' | 'refuses'
  /** Whether a passphrase can be had without asking a person. */
  unattended: boolean
  inspection: Inspection
  restored: Restored
  /** Everything asked and noted, in order. */
  said: string[]
  launched:
    | {
        command: readonly string[]
        inject: Record<string, string>
        files?: Record<string, string>
        clean: boolean
        /** The program was to run beside us, redacted. */
        redacted?: { strict: boolean }
      }
    | undefined
  /** The last program that was fed, and what it answers. */
  fed: { command: readonly string[]; feed: string } | undefined
  fedExit: number
  /** What was appended to the file of the CI job. */
  job: string
  restores: { path: string; dryRun: boolean }[]
  directory: string
  /** For AI agents. */
  rules: McpRules
  /** What the editor makes of a text, first first; none left leaves it as it is. */
  edited: string[]
  client: McpClientFile
  /** By name, in the order in which they are tried. */
  identities: Record<string, Identity>
  /** Whether one of them was given by TVAULT_IDENTITY_KEY. */
  identityExported: boolean
  /** What a Go vault holds, when there is one. */
  migration: ((wish: MigrationWish) => Migration) | undefined
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
    meanwhile: () => undefined,
    git: 'outside',
    hidden: [],
    agent: 'none',
    unattended: true,
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
    fed: undefined,
    fedExit: 0,
    job: '',
    restores: [],
    directory: DIRECTORY,
    rules: METADATA_ONLY,
    edited: [],
    client: { path: 'client.json', format: 'mcpServers', program: ['/bin/tvault'], isDefaultVault: true },
    identities: {},
    identityExported: false,
    migration: undefined,
    backup: undefined,
  }
  const run = async <I extends Fields, R>(command: Command<I, R>, input: Partial<Input<I>>) => {
    const flags = Object.entries(command.input).filter(([, field]) => field.kind === 'flag')
    const full = { ...Object.fromEntries(flags.map(([name]) => [name, false])), ...input } as Input<I>
    return { full, result: await command.run(context(store, vault, played, command), full) }
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
  const { out: shown, note = '' } = human
  if (shown instanceof Uint8Array) return { out: text(shown) ?? '', bytes: shown, note }
  return { ...parts(shown), note }
}

/** A replacer that sees a Secret before its own toJSON hides it. */
function open(this: unknown, key: string, value: unknown): unknown {
  const held = (this as Record<string, unknown>)[key]
  if (held instanceof Secret) return text(held.reveal())
  return typeof value === 'bigint' ? value.toString() : value
}

function context(store: Store, vault: Vault, played: Played, command: Pick<Command, 'path' | 'effect'>): Context {
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
    command: command.path,
    globals: {
      directory: played.directory,
      project: played.project,
      json: false,
      verbose: false,
      noAgent: played.agent === 'none',
    },
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
        played.meanwhile()
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
    async vault({ ask = true, agentOnly = false } = {}) {
      if (agentOnly || (!ask && !played.unattended)) throw new Failure('locked', 'nobody is asked')
      return vault.view(asker)
    },
    unlocked: async () => vault.view(asker),
    async vaultAs(found) {
      const other = Vault.open(store)
      const who = { kind: 'identity' as const, ...other.unlockWith(found) }
      return other.view({ ...asker, principal: who, policy: policyFor(who) })
    },
    create: async () => ({ directory: DIRECTORY, header: vault.header }),
    passphrase: async () => Secret.fromText(played.hidden.shift() ?? ''),
    directoryWish: async () => {
      throw new Failure('not_found', 'there is no .tvaultrc')
    },
    agent: async () => {
      const { agent } = played
      const lockServers = async (): Promise<void> => undefined
      if (agent === 'none')
        return { status: async () => ({ running: false, stale_socket: false }), lockServers } as AgentAccess
      if (agent === 'refuses') throw new Failure('denied', 'a token is required')
      return { status: async () => ({ running: true, unlocked: agent === 'unlocked' }) } as unknown as AgentAccess
    },
    inspect: async () => played.inspection,
    async restore(path, { dryRun }) {
      played.restores.push({ path, dryRun })
      return played.restored
    },
    project: (names) => played.project ?? names.currentProject(),
    async readFile(path) {
      const file = played.files[path]
      if (!file)
        throw new Failure('failed', `no file ${path}`, { cause: Object.assign(new Error(), { code: 'ENOENT' }) })
      return file.slice()
    },
    async appendToJob(content) {
      played.job += text(content.reveal()) ?? ''
    },
    async writeFile(path, content, { overwrite }) {
      if (played.files[path] && !overwrite) throw new Failure('conflict', `${path} exists already`)
      played.files[path] = typeof content === 'string' ? utf8(content) : content.reveal().slice()
    },
    async migrate(wish) {
      if (played.migration === undefined) return refuse()
      return played.migration(wish)
    },
    identities: async ({ name }) => {
      const named = name === undefined ? undefined : played.identities[name]
      if (name !== undefined && named === undefined) throw new Failure('failed', `no identity available: ${name}`)
      return named === undefined ? Object.values(played.identities) : [named]
    },
    identityExported: played.identityExported,
    identityFiles: {
      async create(name) {
        if (played.identities[name]) throw new Failure('conflict', `there is an identity called ${name} already`)
        const identity = (played.identities[name] = Identity.generate())
        return { name, path: `identities/${name}.key`, identity }
      },
      list: async () => Object.entries(played.identities).map(([name, { recipient }]) => ({ name, recipient })),
      async load(name) {
        const identity = played.identities[name]
        if (identity === undefined) throw new Failure('failed', `no identity available: ${name}`)
        return { name, path: `identities/${name}.key`, identity }
      },
    },
    foreign: (path, options) =>
      readForeign(path, options, {
        environment: process.env,
        stdin: refuse,
        progress: () => undefined,
        async passphrase(label) {
          played.said.push(label)
          const typed = played.hidden.shift()
          if (typed === undefined) throw new Failure('locked', 'nobody answers')
          return Secret.fromText(typed)
        },
      }),
    dotenvFiles: refuse,
    gitState: async () => played.git,
    random: async (charset, length) => randomOf(charset, length),
    stdin: refuse,
    stdinIsTerminal: played.stdinIsTerminal,
    stdoutIsTerminal: played.stdoutIsTerminal,
    async become({ command: words, inject, files = [], clean }: Launch) {
      const values = inject.map(({ name, value }) => [name, text(value.reveal())])
      const paths = files.map(({ name, value }) => [name, text(value.reveal())])
      played.launched = { command: words, inject: Object.fromEntries(values), clean }
      if (files.length > 0) played.launched.files = Object.fromEntries(paths)
      return undefined as never
    },
    async runFed({ command: words, feed }) {
      played.fed = { command: words, feed: text(feed.reveal()) ?? '' }
      return played.fedExit
    },
    async runRedacted({ command: words, inject, clean }: Launch, { strict }) {
      const values = inject.map(({ name, value }) => [name, text(value.reveal())])
      played.launched = { command: words, inject: Object.fromEntries(values), clean, redacted: { strict } }
      return 7
    },
    mcp: async () => ({
      stored: async () => vault.names(asker).policy(),
      async parse(words, revision) {
        const { policy, faults } = parsePolicy(words, { revision, home: '/home/me' })
        return { rules: ownRules(policy), faults }
      },
      edit: async (words) => played.edited.shift() ?? words,
      rules: async () => played.rules,
      client: () => played.client,
      referring: () => [],
      serve: refuse,
    }),
    runConfined: refuse,
    updates: refuse,
    progress: () => () => undefined,
    settle: async () => undefined,
    release: async () => undefined,
    note: (words) => void played.said.push(words),
    settings: SETTINGS,
    catalog: () => [],
    topic: async () => undefined,
    topics: () => [],
    build: { version: '0.0.0', commit: 'none', platform: 'test' },
  }
}
