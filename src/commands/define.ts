// What a command is. One file under commands/ declares one command with `define`: its words, its fields, its
// effect on secrets, and the body. Parsing, help, completion, man page, README row, JSON manifest, audit action
// and the policy question follow from this object and from nothing else.
import type { Effect, Principal } from '../lib/gate.ts'
import type { FailureKind } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import type { Description } from '../faces/description.ts'
import type { Names, View } from '../vault/view.ts'
import type { Header } from '../vault/header.ts'
import type { KdfParameters } from '../crypto/kdf.ts'

interface FieldBase {
  about: string
  /** Position among the words after the command; without it the field is a flag `--name`. */
  at?: number
  /** One letter for `-x`. Flags only. */
  short?: string
  /** A word for the value in help: `<file>`. Default: the field's name. */
  placeholder?: string
  required?: boolean
  /** Shown in help as the default; the body applies it, except for flags, which are off unless it says `true`. */
  fallback?: string
}

/** The kinds of fields, and what the body receives. */
export type Field =
  | (FieldBase & { kind: 'text'; complete?: 'key' | 'project' | 'file' | 'directory' })
  /** Repeated flag (`--only A --only B`, also `--only A,B`), or all remaining positionals. Given but empty is a usage failure. */
  | (FieldBase & { kind: 'list'; complete?: 'key' | 'project' | 'file'; split?: boolean })
  /** Everything after `--` or from this position on, untouched (for `run`). */
  | (FieldBase & { kind: 'rest' })
  /** A positional whose text is a value: arrives as a Secret. */
  | (FieldBase & { kind: 'secret' })
  | (FieldBase & { kind: 'flag' })
  /** A whole number; `min` and `max` inclusive. */
  | (FieldBase & { kind: 'count'; min?: number; max?: number })
  | (FieldBase & { kind: 'choice'; choices: readonly string[] })
  /** RFC 3339, a date, `yesterday`, or an age such as `2h`; arrives in nanoseconds since 1970. */
  | (FieldBase & { kind: 'moment' })

export type Fields = Record<string, Field>

type Value<F extends Field> = F extends { kind: 'flag' }
  ? boolean
  : F extends { kind: 'count' }
    ? number
    : F extends { kind: 'moment' }
      ? bigint
      : F extends { kind: 'list' | 'rest' }
        ? string[]
        : F extends { kind: 'secret' }
          ? Secret
          : F extends { kind: 'choice'; choices: readonly (infer C)[] }
            ? C
            : string

/** Flags are always there (when not given: false, or what their fallback says); other optional fields may be undefined. */
export type Input<I extends Fields> = {
  [K in keyof I]: I[K] extends { kind: 'flag' } | { required: true } ? Value<I[K]> : Value<I[K]> | undefined
}

/** Where a command may be called from. Others join with their modes. */
export type Mode = 'cli'

export interface Example {
  /** What is typed, without `tvault` in front. */
  words: string
  about: string
}

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

/** What a person sees: text or bytes for stdout (exactly as given, no newline added), and a note for stderr. */
export type Human = string | Secret | { out?: string | Secret; note?: string } | undefined

export interface Command<I extends Fields = Fields, R = unknown> {
  /** The words typed, `projects create`; also the path of the file. */
  path: string
  aliases?: readonly string[]
  about: string
  /** More than one sentence of help, when one is not enough. */
  detail?: string
  effect: Effect
  on: readonly Mode[]
  /** Holds keys or values: refused when the environment could inject code (BUN_OPTIONS, LD_PRELOAD …). */
  holdsKeys: boolean
  input: I
  examples: readonly Example[]
  run(context: Context, input: Input<I>): R | Promise<R>
  /** Human rendering; without it nothing is printed. */
  human?(result: Awaited<R>, style: Style, input: Input<I>): Human
  /** What `--json` prints: plain data. Default: the result itself. A Secret in it is opened only when `effect` is `reveal`. */
  json?(result: Awaited<R>, input: Input<I>): unknown
  /** Exit code of a result that is not a failure (a doctor that found problems). Default 0. */
  exitCode?(result: Awaited<R>): number
}

export function define<const I extends Fields, R>(command: Command<I, R>): Command<I, R> {
  return command
}

/** Global settings after flags, environment and defaults were put together (settings.ts). */
export interface Globals {
  /** Absolute path of the vault directory. */
  directory: string
  /** `-p/--project`, when given. */
  project: string | undefined
  json: boolean
  verbose: boolean
}

/** Asking a person. Each method fails with `locked` or `usage` instead of waiting when there is no terminal. */
export interface Ask {
  /** True when a person can answer on the terminal. */
  readonly possible: boolean
  /** Hidden input from the terminal (/dev/tty, also when stdin is a pipe). `cancelled` on Ctrl-C and Ctrl-D. */
  hidden(label: string): Promise<Secret>
  /** Yes or no; default no. Without a terminal reads one line from a piped stdin (y/yes), else no. Says nothing itself. */
  confirm(question: string): Promise<boolean>
  /** Choose several; the initially chosen are given. */
  choose(
    question: string,
    options: readonly { value: string; label: string; hint?: string }[],
    initial: readonly string[],
  ): Promise<string[]>
}

/** What random text may consist of: 62 letters and digits, 16 digits, url-safe base64, printable ASCII, a version 4 uuid. */
export type RandomCharset = 'alphanumeric' | 'hex' | 'base64' | 'ascii' | 'uuid'

/** A child program to become or to run. */
export interface Launch {
  command: readonly string[]
  /** Added to, or replacing, the inherited environment. Wiped by the callee. */
  inject: readonly { name: string; value: Secret }[]
  /** Start from an empty environment plus PATH, HOME, TERM, LANG and the injected ones. */
  clean: boolean
}

/** What a body may ask for. Everything heavy is loaded when it is asked for, not before. */
export interface Context {
  readonly principal: Principal
  readonly globals: Globals
  readonly style: Style
  readonly ask: Ask

  /** The vault without its key: names, versions, times. Fails `not_initialized` when there is none. */
  names(): Promise<Names>
  /** The unlocked vault, scoped to this principal and this command's effect. Asks for the passphrase as needed. */
  vault(): Promise<View>
  /** Makes a new vault in globals.directory. `conflict` when anything is there already. */
  create(passphrase: Secret, kdf?: Partial<KdfParameters>): Promise<{ directory: string; header: Header }>
  /** The passphrase from its source (environment, file, command, terminal); `confirmNew` asks twice and checks strength. */
  passphrase(purpose: 'current' | 'new', options?: { force?: boolean }): Promise<Secret>
  /** State of the vault's files for status and doctor, never throws for a damaged vault. */
  inspect(options: { deep: boolean }): Promise<Inspection>
  /**
   * Checks a backup file and, unless `dryRun`, puts it in place of the vault, or creates the vault from it. Closes the
   * vault first, so handles given out before are of no use afterwards. `structureOnly` never asks for a passphrase.
   */
  restore(path: string, options: { dryRun: boolean; structureOnly?: boolean }): Promise<Restored>

  /** The project a command is about: `-p`, else the stored current one, else `default`. */
  project(names: Names): string
  /** Reads a file under the rules for foreign input: regular file, no symlink, no FIFO, at most `maxBytes`. `-` is stdin. */
  readFile(path: string, options: { maxBytes: number; stdin?: boolean }): Promise<Uint8Array>
  /** Writes a file whole or not at all: temporary name, fsync, rename, 0600; refuses symlinks and the vault directory. */
  writeFile(path: string, content: Secret | string, options: { overwrite: boolean }): Promise<void>
  /** Regular files of a directory whose name is a supported dotenv name, sorted. */
  dotenvFiles(directory: string): Promise<string[]>
  /** Fresh random text of the system generator: `length` characters of `charset`; a `uuid` has 36 whatever `length` says. */
  random(charset: RandomCharset, length: number): Promise<Secret>
  /** Bytes of standard input to its end, at most `maxBytes`. */
  stdin(maxBytes: number): Promise<Secret>
  /** True when standard input is a terminal. */
  readonly stdinIsTerminal: boolean
  readonly stdoutIsTerminal: boolean
  /** Becomes the given program (execve); returns only when it could not. */
  become(launch: Launch): Promise<never>
  /** Progress on stderr for anything over half a second; silent when stderr is no terminal. */
  progress(label: string): (done: number, total: number) => void
  /** Completes the audit records of this command. Called by execute after the body, also when it failed. */
  settle(result: 'ok' | FailureKind): Promise<void>
  /** Wipes keys and closes the store. Safe to call twice; execute calls it at the end. */
  release(): Promise<void>
  /** A note for the person, on stderr. */
  note(text: string): void
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
