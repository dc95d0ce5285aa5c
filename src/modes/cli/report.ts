// How a failure is told. Text for people, one JSON line for programs; never the message of a foreign error, which may
// hold a value (a parser quotes what it could not read).
import { Failure, systemCode, toFailure } from '../../lib/errors.ts'
import { err, out } from '../../lib/out.ts'

export interface Form {
  json: boolean
  verbose: boolean
  /** Only for a terminal that shows it. */
  colour: boolean
}

/** The form that `tokens` ask for, found without parsing them: an unknown flag is told in that form too. */
export function formOf(tokens: readonly string[]): Form {
  const end = tokens.indexOf('--')
  const flags = end < 0 ? tokens : tokens.slice(0, end)
  return {
    json: flags.includes('--json') || flags.includes('--json=true'),
    verbose: flags.includes('--verbose') || flags.includes('-v'),
    colour: false,
  }
}

/** Tells what went wrong and returns the exit code. Throws nothing: with nowhere to write, the code is all there is. */
export function report(thrown: unknown, form: Form): number {
  const failure = toFailure(thrown)
  try {
    if (form.json) reportJson(failure)
    else reportText(failure, form)
  } catch {
    // Standard error is closed or full.
  }
  return failure.exitCode
}

/** A locked vault is told on standard output in the words of TinyVault 0.23; everything else is new and goes to standard error. */
function reportJson(failure: Failure): void {
  if (failure.kind === 'locked') out('{"error":"vault_locked","locked":true}\n')
  else err(`${JSON.stringify({ error: { ...failure.toJSON(), exit: failure.exitCode } })}\n`)
}

function reportText({ message, hint, cause }: Failure, { verbose, colour }: Form): void {
  const paint = (code: number, off: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[${off}m` : text)
  const lines = [`${paint(31, 39, 'Error:')} ${message}`]
  if (hint !== undefined) lines.push(`${paint(2, 22, 'hint:')} ${hint}`)
  if (verbose && cause !== undefined) lines.push(...originOf(cause))
  err(`${lines.join('\n')}\n`)
}

/** Kind, system code and places in the program: enough to find a bug, and no text that came from outside. */
function originOf(cause: unknown): string[] {
  if (!(cause instanceof Error)) return [`cause: a thrown ${typeof cause}`]
  const code = systemCode(cause)
  const kind = `${cause.constructor.name}${code !== undefined && /^[A-Z0-9_]{1,40}$/.test(code) ? ` ${code}` : ''}`
  const stack = cause.stack ?? ''
  const spoken = stack.indexOf(cause.message)
  const below = spoken < 0 ? '' : stack.slice(spoken + cause.message.length)
  return [`cause: ${kind}`, ...below.split('\n').filter((line) => /^\s+at .*:\d+(?::\d+)?\)?$/.test(line))]
}
