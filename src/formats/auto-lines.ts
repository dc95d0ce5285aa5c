// Lines for a shell that loads secrets when it enters a directory: unload what was there, then one call for each secret
// of a function that the hook defined (faces/hook.ts). Values are quoted like every other output for that shell.
import type { Secret } from '../lib/secret.ts'
import { writeFish } from './fish.ts'
import { quoteForShell } from './shell.ts'
import { Writer, type Printable } from './writer.ts'

export const AUTO_SHELLS = ['bash', 'zsh', 'fish'] as const

export type AutoShell = (typeof AUTO_SHELLS)[number]

/** `id` (hex, or empty) is remembered by the shell. Throws `failed` for a value that no shell can hold. */
export function autoLines(shell: AutoShell, id: string, entries: readonly Printable[]): Secret {
  const writer = new Writer()
  writer.text('_tvault_unload\n')
  for (const { key, value } of entries) {
    if (shell === 'fish') {
      writer.text(`_tvault_save ${key}\n`)
      writeFish(writer, key, value.reveal())
    } else {
      writer.text(`_tvault_set ${key} `)
      quoteForShell(writer, key, value.reveal())
      if (value.size === 0) writer.text("''")
      writer.text('\n')
    }
  }
  writer.text(shell === 'fish' ? `set -g _TVAULT_LOADED '${id}'\n` : `_TVAULT_LOADED='${id}'\n`)
  return writer.finish()
}
