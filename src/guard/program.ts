// Which file a typed program name means. Only absolute directories of PATH count: a relative one would run whatever
// lies in the current folder.
import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'

/**
 * Path of the program `name`: itself when it holds a slash, else the first executable of that name along `path` (the
 * value of PATH). Throws `command_not_found`, or `cannot_execute` when only files without permission were found.
 */
export function findProgram(name: string, path: string | undefined): string {
  const candidates = name.includes('/')
    ? [name]
    : (path ?? '/usr/local/bin:/usr/bin:/bin')
        .split(':')
        .filter((directory) => isAbsolute(directory))
        .map((directory) => join(directory, name))
  let refused = false
  for (const candidate of name === '' ? [] : candidates) {
    const state = executability(candidate)
    if (state === 'yes') return candidate
    if (state === 'no') refused = true
  }
  if (refused) throw new Failure('cannot_execute', `${printable(name)} is not an executable file`)
  throw new Failure('command_not_found', `command not found: ${printable(name)}`)
}

function executability(path: string): 'yes' | 'no' | 'absent' {
  try {
    if (!statSync(path).isFile()) return 'no'
  } catch (error) {
    return (error as { code?: unknown }).code === 'EACCES' ? 'no' : 'absent'
  }
  try {
    accessSync(path, constants.X_OK)
    return 'yes'
  } catch {
    return 'no'
  }
}
