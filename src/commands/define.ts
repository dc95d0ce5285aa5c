// What a command is. One file under commands/ declares one command with `define`: its words, its fields, its
// effect on secrets, and the body. Parsing, help, completion, man page, README row, JSON manifest, audit action
// and the policy question follow from this object and from nothing else.
import type { Effect } from '../lib/gate.ts'
import type { Secret } from '../lib/secret.ts'
import type { Context, Style } from './context.ts'

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
  | (FieldBase & { kind: 'rest'; complete?: 'file' })
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

/** Where a command may be called from: `mcp` are the tools of AI agents. Others join with their modes. */
export type Mode = 'cli' | 'mcp'

export interface Example {
  /** What is typed, without `tvault` in front. */
  words: string
  about: string
}

/**
 * What a person sees: text or bytes for stdout (exactly as given, no newline added), and a note for stderr. A
 * Uint8Array is ciphertext or other bytes that are no secret, and is printed under every effect.
 */
export type Human =
  | string
  | Secret
  | { out?: string | Secret | Uint8Array | undefined; note?: string | undefined }
  | undefined

export interface Command<I extends Fields = Fields, R = unknown> {
  /** The words typed, `projects create`; also the path of the file. */
  path: string
  aliases?: readonly string[]
  about: string
  /** More than one sentence of help, when one is not enough. */
  detail?: string
  effect: Effect
  on: readonly Mode[]
  /** Called by programs and not by people: left out of lists, help, completion and documents; `--help` shows it. */
  hidden?: true
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
