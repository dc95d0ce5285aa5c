// What the file at the vault's place turned out to be, said as a failure with the next thing to type. `init` is
// never proposed where a file is: that would be advice to lose it.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { vaultFile } from '../lib/paths.ts'
import type { FileState } from '../store/check.ts'

const REPAIR = 'tvault doctor shows the damage; tvault restore FILE puts a backup in its place'

/** The failure for a vault that cannot be opened, or undefined when its file is in order. */
export function stateFailure(directory: string, found: FileState): Failure | undefined {
  const path = printable(vaultFile(directory))
  switch (found.state) {
    case 'ok':
      return undefined
    case 'absent':
      return new Failure('not_initialized', `there is no vault in ${printable(directory)}`, {
        hint: 'tvault init, or name another directory with --vault',
      })
    case 'bbolt':
      return new Failure('failed', `${path} is a vault of the Go TinyVault`, {
        hint: 'tvault migrate moves it over and keeps the old file',
      })
    case 'not-regular':
      return new Failure('failed', `${path} is not a regular file`, {
        hint: 'look at it with ls -l, then move it away',
      })
    case 'unreadable':
      return new Failure('failed', `cannot read ${path}: ${found.detail}`, {
        hint: `ls -ld ${printable(directory)} ${path}`,
      })
    case 'empty':
    case 'foreign':
    case 'truncated':
    case 'corrupt':
      return new Failure('corrupt', `${path} is damaged or is not a vault: ${found.detail}`, { hint: REPAIR })
  }
}
