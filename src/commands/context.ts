// What a command may ask for while it runs, and what that is made of. Types only: src/context.ts puts it together, and
// tests put together another one.
import type { Principal } from '../lib/gate.ts'
import type { FailureKind } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import type { Description } from '../faces/description.ts'
import type { Names, View } from '../vault/view.ts'
import type { AgentAccess } from './agent-access.ts'
import type { AgentActs, ConfinedLaunch, ConfinedOutcome, McpAccess } from './mcp-access.ts'
import type { RcFile } from '../formats/rc-file.ts'
import type { Header } from '../vault/header-record.ts'
import type { KdfParameters } from '../crypto/kdf-parameters.ts'
import type { Read } from '../foreign/importer.ts'
import type { Tracking } from '../git/tracked.ts'
import type { Identity, Recipient } from '../crypto/recipient.ts'
import type { Plan } from '../foreign/go-plan.ts'
import type { Updates } from './update-access.ts'

/** Colour and symbols for human output; plain when NO_COLOR, TERM=dumb or stdout is no terminal. */
export interface Style {
  ok(text: string): string
  bad(text: string): string
  warn(text: string): string
  info(text: string): string
  bold(text: string): string
  dim(text: string): string
  /** Columns of standard output; 80 when unknown. */
  width: number
}

/** Global settings after flags, environment and defaults were put together (settings.ts). */
export interface Globals {
  /** Absolute path of the vault directory. */
  directory: string
  /** `-p/--project`, when given. */
  project: string | undefined
  json: boolean
  verbose: boolean
  /** Whether a running agent is left alone. */
  noAgent: boolean
}

/** Asking a person. Each method fails with `locked` or `usage` instead of waiting when there is no terminal. */
export interface Ask {
  /** True when a person can answer on the terminal. */
  readonly possible: boolean
  /**
   * Hidden input from the terminal (/dev/tty, also when stdin is a pipe). `cancelled` on Ctrl-C and Ctrl-D. With `lines`
   * what is pasted may have several lines; without, the first one counts.
   */
  hidden(label: string, options?: { lines?: boolean }): Promise<Secret>
  /** Yes or no; default no. Without a terminal reads one line from a piped stdin (y/yes), else no. Says nothing itself. */
  confirm(question: string): Promise<boolean>
  /** Choose several; the initially chosen are given. */
  choose(
    question: string,
    options: readonly { value: string; label: string; hint?: string }[],
    initial: readonly string[],
  ): Promise<string[]>
}

/**
 * What random text may consist of: 62 letters and digits, 16 digits, url-safe base64, printable ASCII, letters with at
 * least one of each kind and harmless signs, made-up words, a version 4 uuid.
 */
export type RandomCharset = 'alphanumeric' | 'hex' | 'base64' | 'ascii' | 'symbols' | 'words' | 'uuid'

/** A child program to become or to run. */
export interface Launch {
  command: readonly string[]
  /** Added to, or replacing, the inherited environment. Wiped by the callee. */
  inject: readonly { name: string; value: Secret }[]
  /** Values as files in memory, whose paths become the variables `name`. Wiped by the callee. */
  files?: readonly { name: string; value: Secret }[]
  /** Start from an empty environment plus PATH, HOME, TERM, LANG and the injected ones. */
  clean: boolean
}

/** Which identities a command wants to try (context/identities.ts says in which order). */
export interface IdentityWish {
  /** `--identity`: this one and no other. */
  name?: string | undefined
  /** The name of a lesser setting, for example of git; counts after TVAULT_IDENTITY. */
  fallbackName?: string | undefined
  /** For the notes on stderr. */
  command: string
  /** Whether TVAULT_IDENTITY counts. */
  useEnvironmentName?: boolean | undefined
  /** No notes: for a program that is started once for each of many files. */
  quiet?: boolean | undefined
}

/** An identity and its file. */
export interface NamedIdentity {
  name: string
  path: string
  identity: Identity
}

/** One line of the list of identities: its recipient, or why its file is no use. */
export type FoundIdentity = { name: string; recipient: Recipient } | { name: string; fault: string }

/** What a body may ask for. Everything heavy is loaded when it is asked for, not before. */
export interface Context {
  readonly principal: Principal
  /** The words of the command that runs. */
  readonly command: string
  readonly globals: Globals
  readonly style: Style
  readonly ask: Ask

  /** The vault without its key: names, versions, times. Fails `not_initialized` when there is none. */
  names(): Promise<Names>
  /**
   * The unlocked vault, scoped to this principal and this command's effect. Asks for the passphrase as needed; with
   * `ask: false` nobody is asked or waited for long, and it is `locked` when only a person could tell the passphrase;
   * with `agentOnly` it is `locked` unless an agent has the key.
   */
  vault(options?: { ask?: boolean; agentOnly?: boolean }): Promise<View>
  /** The vault unlocked in this process, with a passphrase that was given now: never through an agent. */
  unlocked(): Promise<View>
  /**
   * The vault opened with what is shared with `identities`, the meant one first: for reading, and no passphrase is
   * asked. Fails `failed` when nothing is shared with them.
   */
  vaultAs(identities: readonly Identity[]): Promise<View>
  /** Makes a new vault in globals.directory. `conflict` when anything is there already. */
  create(passphrase: Secret, kdf?: Partial<KdfParameters>): Promise<{ directory: string; header: Header }>
  /** The passphrase from its source (environment, file, command, terminal); `confirmNew` asks twice and checks strength. */
  passphrase(purpose: 'current' | 'new', options?: { force?: boolean }): Promise<Secret>
  /** The agent of the vault directory. */
  agent(): Promise<AgentAccess>
  /** State of the vault's files for status and doctor, never throws for a damaged vault. */
  inspect(options: { deep: boolean }): Promise<Inspection>
  /**
   * Checks a backup file and, unless `dryRun`, puts it in place of the vault, or creates the vault from it. Closes the
   * vault first, so handles given out before are of no use afterwards. `structureOnly` never asks for a passphrase.
   */
  restore(path: string, options: { dryRun: boolean; structureOnly?: boolean }): Promise<Restored>
  /**
   * Looks at a vault of the Go TinyVault, asking for its passphrase. Closed at the end of the command. `conflict` when
   * the place of the new vault is taken, `corrupt` for damage that may not be left behind.
   */
  migrate(wish: MigrationWish): Promise<Migration>

  /**
   * Identities to be tried, the meant one first; empty when there is none. They are wiped at the end of the command.
   * Fails when a named one is missing or damaged.
   */
  identities(wish: IdentityWish): Promise<Identity[]>
  /** Whether TVAULT_IDENTITY_KEY was set. */
  readonly identityExported: boolean
  /** The files of identities beside the vault. What is made or loaded is wiped at the end of the command. */
  readonly identityFiles: {
    /** `conflict` when there is one of that name. */
    create(name: string): Promise<NamedIdentity>
    list(): Promise<FoundIdentity[]>
    /** `failed` when there is none of that name. */
    load(name: string): Promise<NamedIdentity>
  }

  /** The project a command is about: `-p`, else the stored current one, else `default`. */
  project(names: Names): string
  /** Reads a file under the rules for foreign input: regular file, no symlink, no FIFO, at most `maxBytes`. `-` is stdin. */
  readFile(path: string, options: { maxBytes: number; stdin?: boolean }): Promise<Uint8Array>
  /**
   * Writes a file whole or not at all: temporary name, fsync, rename, 0600; refuses symlinks and the vault directory.
   * `parents` makes missing directories of a relative path.
   */
  writeFile(path: string, content: Secret | string, options: { overwrite: boolean; parents?: boolean }): Promise<void>
  /** Appends to the file that GITHUB_ENV names. Fails `usage` where there is no such job. */
  appendToJob(content: Secret): Promise<void>
  /**
   * What another program keeps in a file (`-` is stdin) or a tree of files, under keys of ours; the values belong to
   * the caller. `format` is a word of `import --from`, or `auto`. `keyFile` is what else opens it: an age identity,
   * .env.keys, a key file of KeePass. Asks for a passphrase when the file needs one.
   */
  foreign(path: string, options: { format: string; keyFile?: string | undefined }): Promise<Read>
  /** Regular files of a directory whose name is a supported dotenv name, sorted. */
  dotenvFiles(directory: string): Promise<string[]>
  /**
   * Fresh random text of the system generator: `length` characters of `charset`, or that many words; a `uuid` has 36
   * characters whatever `length` says.
   */
  random(charset: RandomCharset, length: number): Promise<Secret>
  /**
   * The `.tvaultrc` of a directory (for `look`: the nearest one at or above it): what it wants, and whether it was
   * allowed before. `not_found` when there is none.
   */
  directoryWish(
    directory: string,
    act: 'look' | 'allow' | 'deny',
  ): Promise<{ path: string; id: string; wish: RcFile; wasAllowed: boolean }>
  /** How git sees the file `path`: whether the next commit would take what is written into it. */
  gitState(path: string): Promise<Tracking>
  /** Bytes of standard input to its end, at most `maxBytes`. */
  stdin(maxBytes: number): Promise<Secret>
  /** True when standard input is a terminal. */
  readonly stdinIsTerminal: boolean
  readonly stdoutIsTerminal: boolean
  /** Becomes the given program (execve); returns only when it could not. */
  become(launch: Launch): Promise<never>
  /**
   * Runs a program beside us and replaces the values in its output by `[REDACTED:KEY]`. It has a terminal when standard
   * output is one. Closes the vault before it starts, wipes the values, and returns the exit code: 128 + n when signal n
   * ended it. Values that cannot be hidden this way are warned about, or with `strict` `denied`.
   */
  runRedacted(launch: Launch, options: { strict: boolean }): Promise<number>
  /**
   * Runs a program that is given `feed` on its standard input and behind it our own input; the other streams are ours.
   * Closes the vault before it starts, wipes `feed`, and returns the exit code: 128 + n when signal n ended it.
   */
  runFed(launch: { command: readonly string[]; feed: Secret }): Promise<number>
  /** Runs a program for an AI agent, confined; elsewhere there is none. Throws `denied` where it cannot be confined. */
  runConfined(launch: ConfinedLaunch): Promise<ConfinedOutcome>
  /** What a command may do for an AI agent that calls it; elsewhere there is none. */
  readonly acts?: AgentActs
  /** Newer versions of this program. */
  updates(): Promise<Updates>
  /** What is there for AI agents. */
  mcp(): Promise<McpAccess>
  /** Progress on stderr for anything over half a second; silent when stderr is no terminal. */
  progress(label: string): (done: number, total: number) => void
  /** Completes the audit records of this command. Called by execute after the body, also when it failed. */
  settle(result: 'ok' | FailureKind): Promise<void>
  /** Wipes keys and closes the store. Safe to call twice; execute calls it at the end. */
  release(): Promise<void>
  /** A note for the person, on stderr. */
  note(text: string): void
  /** Every setting that is no flag: variables and keys of the configuration file. */
  readonly settings: readonly { name: string; kind: 'variable' | 'config'; about: string }[]
  /** All commands as plain data (help, completion, docs). */
  catalog(): readonly Description[]
  /** Text of a topic (`tvault docs <topic>`), or undefined. */
  topic(slug: string): Promise<string | undefined>
  topics(): readonly { slug: string; title: string }[]
  /** Version, commit and platform of this build. */
  readonly build: { version: string; commit: string; platform: string }
}

export interface Inspection {
  directory: string
  state: 'absent' | 'ok' | 'busy' | 'unreadable' | 'corrupt' | 'foreign'
  /** What is wrong and what to type, when state is not `ok` or `absent`. */
  detail?: string
  checks: readonly { name: string; status: 'ok' | 'warn' | 'fail' | 'info'; detail: string }[]
}

export interface Restored {
  vaultId: string
  projects: number
  secrets: number
  /** Newest change in nanoseconds, or undefined for an empty vault. */
  newest: bigint | undefined
  /** Whether every value was opened with the key, or only the structure was checked. */
  verified: 'values' | 'structure'
  /** Where the replaced vault stays, when there was one. */
  kept: string | undefined
}

export interface MigrationWish {
  /** The file of the Go TinyVault, or its directory. */
  from: string
  /** Directory of the new vault. */
  to: string
  /** Also projects that were deleted and only hidden. */
  includeDeleted: boolean
  /** Whether what is damaged may be left behind. */
  salvage: boolean
  /** Damage is no failure then, and without a passphrase to be had the structure is looked at. */
  dryRun: boolean
}

/** A vault of the Go TinyVault, looked at and not yet moved. */
export interface Migration {
  readonly from: string
  /** Whether the new vault takes the place of the old file. */
  readonly inPlace: boolean
  readonly plan: Plan
  /** Whether every value was opened, or only the structure was read. */
  readonly verified: 'values' | 'structure'
  /** Makes the new vault, compares it with the old one and puts it in its place. */
  carryOut(): Promise<Moved>
}

export interface Moved {
  plan: Plan
  /** The second name of the old file, when the new vault took its place. */
  kept: string | undefined
  /** Names of identities that were copied, and why others were not. */
  identities: string[]
  identitiesLeft: string[]
  /** Whether there is the socket of an agent beside the old file. */
  agent: boolean
}
