// One value out of a dotenv file, for `set --from-env` and `get --from`.
import { basename } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import { isDotenvName } from './dotenv-files.ts'
import { parseDotenv } from './dotenv.ts'

/** Throws a usage failure unless the last part of `path` is the name of a dotenv file. */
export function checkDotenvName(path: string): void {
  const name = basename(path)
  if (isDotenvName(name)) return
  throw new Failure('usage', `${printable(name)} is not a supported dotenv file name`, {
    hint: 'names such as .env, .env.local and .env.production are; a template such as .env.example is not',
  })
}

/**
 * The value of `key` in the bytes of the dotenv file `path`, for the caller to wipe. Wipes `file` and all other
 * values. Throws `not_found` when the key is not there.
 */
export function pickDotenv(file: Uint8Array, key: string, path: string): Secret {
  const { entries } = parseDotenv(file)
  file.fill(0)
  let picked: Secret | undefined
  for (const entry of entries) {
    if (entry.key === key) picked = entry.value
    else entry.value.wipe()
  }
  if (picked) return picked
  throw new Failure('not_found', `key "${printable(key)}" not found in ${printable(path)}`)
}
