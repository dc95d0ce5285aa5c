// One line for a POSIX shell that sets variables and becomes a command. It is one line because a shell's `read` takes
// exactly one line and leaves the rest of its input alone, and it is printable ASCII because shells disagree about
// every other byte.
import { Failure } from '../lib/errors.ts'
import { utf8 } from '../lib/bytes.ts'
import type { Secret } from '../lib/secret.ts'
import { Writer } from './writer.ts'
import type { Printable } from './writer.ts'

const SINGLE = 0x27
/** Names of ours in the remote shell; no secret that is given to a program is called so. */
const LINE = 'TVAULT_LINE'
const WORD = 'TVAULT_WORD'

/**
 * What the remote login shell is told to run, whichever shell that is: it holds nothing that a shell could expand.
 * It becomes a POSIX shell that reads the line of `remoteScript` and leaves the rest of its input to the command.
 */
export const REMOTE_READER = `exec sh -c 'IFS= read -r ${LINE} && eval "$${LINE}"'`

/**
 * The line, with its end: exports `entries`, then becomes `command`, whose words arrive as they are here. The caller
 * wipes it. Throws `failed` naming the key of a value with a NUL byte.
 */
export function remoteScript(entries: readonly Printable[], command: readonly string[]): Secret {
  const writer = new Writer()
  writer.text(`set -e;unset ${LINE};set --;`)
  for (const word of command) {
    const quoted = prepare(writer, utf8(word))
    writer.text('set -- "$@" ')
    finish(writer, utf8(word), quoted)
  }
  for (const { key, value } of entries) {
    const bytes = value.reveal()
    if (bytes.includes(0)) {
      throw new Failure('failed', `the value of ${key} holds a NUL byte, which no environment variable can`, {
        hint: 'leave it out with --only or --prefix',
      })
    }
    const quoted = prepare(writer, bytes)
    writer.text(`export ${key}=`)
    finish(writer, bytes, quoted)
  }
  return writer.text(`unset ${WORD};exec "$@"\n`).finish()
}

/** Whether single quotes hold `bytes` as they are; else writes what puts them into a variable first. */
function prepare(writer: Writer, bytes: Uint8Array): boolean {
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f && byte !== SINGLE)) return true
  // POSIX printf knows \ooo in its format. The dot keeps line ends that $(…) would drop.
  writer.text(`${WORD}=$(printf '`)
  for (const byte of bytes) {
    if (isHarmless(byte)) writer.byte(byte)
    else writer.text(`\\${byte.toString(8).padStart(3, '0')}`)
  }
  writer.text(`.');`)
  return false
}

function finish(writer: Writer, bytes: Uint8Array, quoted: boolean): void {
  if (quoted) writer.byte(SINGLE).bytes(bytes).byte(SINGLE)
  else writer.text(`"\${${WORD}%.}"`)
  writer.text(';')
}

/** Letters, digits and blanks: what printf takes literally in any place of its format. */
function isHarmless(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x20
  )
}
