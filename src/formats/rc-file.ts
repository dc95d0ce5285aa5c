// `.tvaultrc`: which secrets a directory wants in a shell. Lines `project = NAME`, `only = A, B` and `prefix = P`; blank
// lines and `#` lines are skipped. It is a wish of the directory, never a command: the owner allows it by its content.
import { text } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { checkProjectName, isKey } from '../lib/names.ts'

export interface RcFile {
  project: string
  only: readonly string[] | undefined
  prefix: string | undefined
}

/** The wish in `bytes`; `path` is for messages. Throws `failed` naming the line. */
export function parseRc(bytes: Uint8Array, path: string): RcFile {
  const content = text(bytes)
  if (content === undefined) throw new Failure('failed', `${path} is not UTF-8 text`)
  const found = new Map<string, string>()
  for (const [index, raw] of content.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const at = line.indexOf('=')
    const name = line.slice(0, at).trim()
    if (at < 0 || !['project', 'only', 'prefix'].includes(name) || found.has(name)) {
      throw new Failure('failed', `${path}:${index + 1} is not one line project=, only= or prefix=`)
    }
    found.set(name, line.slice(at + 1).trim())
  }
  const project = found.get('project')
  if (!project) throw new Failure('failed', `${path} names no project`, { hint: 'a line project = NAME' })
  const only = found
    .get('only')
    ?.split(',')
    .map((key) => key.trim())
  const prefix = found.get('prefix')
  if (only && !only.every(isKey)) throw new Failure('failed', `${path}: only = does not hold names of secrets`)
  if (prefix !== undefined && !isKey(prefix))
    throw new Failure('failed', `${path}: prefix = does not hold the start of a name`)
  return { project: checkProjectName(project), only, prefix }
}
