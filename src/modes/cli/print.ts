// The door to standard output: data as people or as JSON. A Secret is opened here only when the command's effect is
// `reveal`; under every other effect it prints as [secret].
import type { Context } from '../../commands/context.ts'
import type { Command, Fields, Input } from '../../commands/define.ts'
import { err, out } from '../../lib/out.ts'
import { plainOf } from '../../lib/plain.ts'
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

/** JSON, two blanks deep. What becomes of values is said in lib/plain.ts. */
export function toJson(data: unknown, mayReveal: boolean): string {
  return JSON.stringify(plainOf(data, mayReveal), undefined, 2)
}
