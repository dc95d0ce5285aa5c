// The `.tvaultrc` of a directory, for the commands of the hook: found, read, and allowed or denied.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RcFile } from '../formats/rc-file.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { RC_NAME, allow, deny, findRc, isAllowed, readRc } from './allowed.ts'

/** What Context.directoryWish promises. `vault` is where the list of allowed ones is kept. */
export async function directoryWish(
  vault: string,
  directory: string,
  act: 'look' | 'allow' | 'deny',
): Promise<{ path: string; id: string; wish: RcFile; wasAllowed: boolean }> {
  const here = resolve(directory)
  const path = join(here, RC_NAME)
  const found = act === 'look' ? findRc(here) : existsSync(path) ? readRc(path) : undefined
  if (!found) {
    throw new Failure('not_found', `there is no ${RC_NAME} in ${printable(here)}`, {
      hint: `write one with a line project = NAME`,
    })
  }
  const { parseRc } = await import('../formats/rc-file.ts')
  const wish = parseRc(found.bytes, printable(found.path))
  const wasAllowed = isAllowed(vault, found)
  if (act === 'allow') allow(vault, found)
  if (act === 'deny') deny(vault, found)
  return { path: found.path, id: found.id, wish, wasAllowed }
}
