// Whether git would take a file into a commit, asked before secrets are written into it. What cannot be found out
// counts as the worst.
import { realpathSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { latin1 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import type { Environment } from '../lib/paths.ts'
import { workTree } from '../lib/repository.ts'
import { DRIVER, Repository } from './repository.ts'

/**
 * - `outside`: in no work tree;
 * - `ignored`: git leaves it out;
 * - `untracked`: the next `git add .` takes it;
 * - `tracked`: it is in the index as it is;
 * - `sealed`: it is in the index, and the filter of tvault encrypts it on the way there;
 * - `unknown`: there is a repository, and git could not be asked.
 */
export type Tracking = 'outside' | 'ignored' | 'untracked' | 'tracked' | 'sealed' | 'unknown'

/** How git sees the file `path`, which need not exist. Throws nothing but what is a bug. */
export function trackingOf(path: string, environment: Environment): Tracking {
  const folder = realFolder(path)
  if (folder === undefined || workTree(folder) === undefined) return 'outside'
  try {
    const repository = Repository.at(folder, environment)
    const name = basename(path)
    const listed = repository.run([
      '--literal-pathspecs',
      '-C',
      folder,
      'ls-files',
      '-z',
      '--full-name',
      '--',
      name,
    ]).out
    if (listed.length === 0) return isIgnored(repository, folder, name) ? 'ignored' : 'untracked'
    const full = listed.subarray(0, listed.indexOf(0))
    const [filter] = repository.attributes([full], ['filter']).get(latin1(full)) ?? []
    const seals = filter === DRIVER && repository.config(`filter.${DRIVER}.clean`) !== undefined
    return seals ? 'sealed' : 'tracked'
  } catch (error) {
    if (error instanceof Failure) return 'unknown'
    throw error
  }
}

/** The folder the file is in, with every link resolved, because that is where it would be written. */
function realFolder(path: string): string | undefined {
  try {
    return realpathSync(dirname(path))
  } catch {
    return undefined
  }
}

function isIgnored(repository: Repository, folder: string, name: string): boolean {
  return repository.run(['-C', folder, 'check-ignore', '--quiet', '--', name], { answers: [0, 1] }).code === 0
}
