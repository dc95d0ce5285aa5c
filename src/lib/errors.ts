// The one table of failures and the one error class. Whatever can go wrong on purpose is a `Failure`;
// anything else is a bug and reaches the user as `internal` with fixed text, never with its own message.

/** Every kind of failure: its exit code (decision D2.4) and when it is said. Printed in topic `exit-codes`. */
export const FAILURES = {
  internal: { exit: 1, about: 'a bug in tvault; the cause is shown with --verbose' },
  failed: { exit: 1, about: 'the operation failed: the file system refused, or a file is not what was asked for' },
  usage: { exit: 2, about: 'the words or flags of the command line are wrong' },
  trouble: { exit: 2, about: 'a comparison with `--exit-code` could not be made; its 1 means different' },
  locked: { exit: 3, about: 'a key is needed, and there is no passphrase source and no terminal to ask on' },
  not_found: { exit: 4, about: 'no such secret, version or project' },
  not_initialized: { exit: 5, about: 'there is no vault in that directory' },
  wrong_passphrase: { exit: 6, about: 'the passphrase does not open this vault' },
  busy: { exit: 7, about: 'another process kept the write lock for longer than the deadline' },
  denied: { exit: 8, about: 'the policy refuses it, or the environment is not safe to hold keys in' },
  corrupt: { exit: 9, about: 'stored bytes are damaged or were tampered with' },
  conflict: { exit: 10, about: 'it exists already, or changed meanwhile' },
  cannot_execute: { exit: 126, about: '`run` found the program but could not start it' },
  command_not_found: { exit: 127, about: '`run` did not find the program' },
  cancelled: { exit: 130, about: 'the user said no, or pressed Ctrl-C' },
} as const

export type FailureKind = keyof typeof FAILURES

/** What crosses a process border (JSON on stderr, agent, MCP): never a stack, never a foreign message. */
export interface FailureJson {
  kind: FailureKind
  message: string
  hint?: string
  code?: string
  about?: Readonly<Record<string, string | number>>
}

export interface FailureOptions {
  /** For programs: which of the failures of this kind it is. */
  code?: string
  /** What belongs to the code: a number to wait for, a name to ask with; never a value. */
  about?: Readonly<Record<string, string | number>>
  /** A thing to type or to do next; lower case, no full stop. */
  hint?: string
  /** The foreign error behind it; shown only with --verbose. */
  cause?: unknown
}

/** An expected failure. `message` says what is (lower case, no full stop); `hint` says what to type next. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly kind: FailureKind
  readonly hint: string | undefined
  readonly code: string | undefined
  readonly about: Readonly<Record<string, string | number>> | undefined

  constructor(kind: FailureKind, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.hint = options.hint
    this.code = options.code
    this.about = options.about
  }

  get exitCode(): number {
    return FAILURES[this.kind].exit
  }

  toJSON(): FailureJson {
    const { kind, message, hint, code, about } = this
    return {
      kind,
      message,
      ...(hint !== undefined && { hint }),
      ...(code !== undefined && { code, ...(about && { about }) }),
    }
  }
}

/** Any thrown value as a Failure. Foreign errors become `internal` with fixed text; the original is kept as cause. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown
  return new Failure('internal', 'something went wrong inside tvault', {
    hint: 'run the command again with --verbose to see the cause',
    cause: thrown,
  })
}

/** For commands whose exit code 1 is an answer: a failure that would end with 1 ends with 2 instead. */
export function toTrouble(thrown: unknown): Failure {
  const failure = toFailure(thrown)
  if (failure.exitCode !== 1) return failure
  const { message, hint, cause } = failure
  return new Failure('trouble', message, { ...(hint !== undefined && { hint }), cause })
}

/** The `code` of a system error (ENOENT, EACCES …), or undefined when `thrown` is not one. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  const code = (thrown as Error & { code?: unknown }).code
  return typeof code === 'string' ? code : undefined
}
