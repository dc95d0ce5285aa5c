// One `pulumi config set --secret` command per secret, for a POSIX shell. A value that starts with `-` comes
// after `--`, or pulumi would read it as a flag.
import type { Secret } from '../lib/secret.ts'
import { quoteForShell } from './shell.ts'
import { Writer, type Printable } from './writer.ts'

/** Command lines, with `--stack` when given. Throws `failed` for a value with a NUL byte. */
export function printPulumi(entries: readonly Printable[], options: { stack: string | undefined }): Secret {
  const writer = new Writer()
  for (const { key, value } of entries) {
    writer.text('pulumi config set --secret ')
    if (options.stack !== undefined) {
      writer.text('--stack ')
      word(writer, '--stack', new TextEncoder().encode(options.stack))
      writer.text(' ')
    }
    const bytes = value.reveal()
    writer.text(bytes[0] === 0x2d ? `-- ${key} ` : `${key} `)
    word(writer, key, bytes)
    writer.text('\n')
  }
  return writer.finish()
}

/** An argument must be there even when it is empty. */
function word(writer: Writer, key: string, value: Uint8Array): void {
  if (value.length === 0) writer.text("''")
  else quoteForShell(writer, key, value)
}
