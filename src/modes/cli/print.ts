// The door to standard output: data as people or as JSON. A Secret is opened here only when the command's effect is
// `reveal`; under every other effect it prints as [secret].
import type { Command, Context, Fields, Input } from '../../commands/define.ts'
import { text, toBase64 } from '../../lib/bytes.ts'
import { err, out } from '../../lib/out.ts'
import { Secret } from '../../lib/secret.ts'

/** Prints what `command` made of `input`. */
export function print<I extends Fields, R>(
  command: Command<I, R>,
  input: Input<I>,
  result: Awaited<R>,
  context: Context,
): void {
  const mayReveal = command.effect === 'reveal'
  if (context.globals.json) {
    const data = command.json === undefined ? result : command.json(result, input)
    if (data instanceof Secret) write(data, mayReveal)
    else if (data !== undefined) out(`${toJson(data, mayReveal)}\n`)
    return
  }
  const human = command.human?.(result, context.style, input)
  if (human === undefined) return
  const { out: shown, note } =
    typeof human === 'string' || human instanceof Secret ? { out: human, note: undefined } : human
  if (shown !== undefined) write(shown, mayReveal)
  if (note !== undefined) err(note.endsWith('\n') ? note : `${note}\n`)
}

function write(shown: string | Secret | Uint8Array, mayReveal: boolean): void {
  if (!(shown instanceof Secret)) out(shown)
  else out(mayReveal ? shown.reveal() : String(shown))
}

/**
 * JSON, two blanks deep. A bigint becomes a number, or text where a number would round it. A Secret that is not valid
 * UTF-8 becomes base64, and the object that holds it says so with `"encoding": "base64"`.
 */
export function toJson(data: unknown, mayReveal: boolean): string {
  return JSON.stringify(plain(data, mayReveal), undefined, 2)
}

function plain(data: unknown, mayReveal: boolean): unknown {
  if (typeof data === 'bigint') return BigInt(Number(data)) === data ? Number(data) : String(data)
  if (data instanceof Secret) return mayReveal ? (text(data.reveal()) ?? toBase64(data.reveal())) : String(data)
  if (Array.isArray(data)) return data.map((item) => plain(item, mayReveal))
  if (typeof data !== 'object' || data === null) return data
  const entries = Object.entries(data).filter(([, value]) => value !== undefined)
  const binary = entries.some(([, value]) => mayReveal && value instanceof Secret && text(value.reveal()) === undefined)
  const object = Object.fromEntries(entries.map(([name, value]) => [name, plain(value, mayReveal)]))
  return binary ? { ...object, encoding: 'base64' } : object
}
