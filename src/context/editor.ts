// The owner's editor on a text: in a private file of a private folder, which is gone afterwards.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as decoded, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { readSafely, writeAtomically } from '../lib/files.ts'
import type { Environment } from '../lib/paths.ts'

const MAX_BYTES = 1_048_576

/** What the editor of VISUAL or EDITOR (else vi) makes of `text`. Throws `failed` when it cannot be started or fails. */
export async function editText(text: string, environment: Environment): Promise<string> {
  const named = environment['VISUAL'] || environment['EDITOR'] || 'vi'
  const folder = mkdtempSync(join(tmpdir(), 'tvault-edit-'))
  const path = join(folder, 'policy')
  try {
    writeAtomically(path, utf8(text), { overwrite: false, mode: 0o600 })
    const inherited = Object.entries(environment).filter(([name]) => !name.startsWith('TVAULT_'))
    const command = [...named.trim().split(/\s+/), path]
    const program = Bun.which(command[0] ?? '', { PATH: environment['PATH'] ?? '' })
    if (program === null) {
      throw new Failure('failed', 'there is no editor', { hint: 'set EDITOR, or: tvault policy set FILE' })
    }
    const child = Bun.spawn([program, ...command.slice(1)], {
      env: Object.fromEntries(inherited),
      stdin: 'inherit',
      stdout: 'inherit',
      stderr: 'inherit',
    })
    if ((await child.exited) !== 0) throw new Failure('failed', 'the editor failed, and nothing was changed')
    return decoded(readSafely(path, MAX_BYTES)) ?? refuse()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function refuse(): never {
  throw new Failure('failed', 'the edited text is not UTF-8')
}
