// The guard: a pre-commit hook that asks `tvault git-filter check --staged`. A hook that is there already is kept under
// another name and runs first, because it may change what is staged. Whatever is not exactly ours is never removed.
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { text, utf8 } from '../lib/bytes.ts'
import { systemCode } from '../lib/errors.ts'
import {
  fileFailure,
  lstatOrNothing,
  makeParents,
  moveWithoutReplacing,
  readFound,
  removeQuietly,
  writeAtomically,
} from '../lib/files.ts'
import type { Repository } from './repository.ts'

/** What a hook of somebody else must hold to count as a guard. */
export const GUARD_LINE = 'tvault git-filter check --staged'

const KEPT = 'pre-commit.before-tvault'
const MAX_HOOK_BYTES = 1_048_576

const HOOK = `#!/bin/sh
# The guard of tvault: no commit in which a tracked path would be stored as plaintext.
# Written by "tvault git-filter install", removed by "tvault git-filter uninstall".
before="$(dirname "$0")/${KEPT}"
if [ -x "$before" ]; then
  "$before" "$@" || exit $?
fi
if ! command -v tvault >/dev/null 2>&1; then
  echo 'tvault is not on PATH: nobody can say whether the tracked files are encrypted' >&2
  exit 1
fi
exec ${GUARD_LINE}
`

/**
 * - `active`: it will be run, whoever wrote it;
 * - `absent`: there is no hook, or one that does not ask us;
 * - `elsewhere`: hooks of this repository are in a folder of their own (core.hooksPath), which is left to its owner.
 */
export type Guard = 'active' | 'absent' | 'elsewhere'

export function guardState(repository: Repository): Guard {
  if (contentOf(hookFile(repository))?.includes(GUARD_LINE)) return hooksElsewhere(repository) ? 'elsewhere' : 'active'
  return hooksElsewhere(repository) ? 'elsewhere' : 'absent'
}

/** Installs the guard; nothing changes when it is there. `absent` when a hook and one kept before it are in the way. */
export function installGuard(repository: Repository): Guard {
  const state = guardState(repository)
  if (state === 'elsewhere') return state
  const path = hookFile(repository)
  // A guard of an older version is replaced; a hook of somebody else that asks us is as good as ours.
  if (state === 'active' && !contentOf(path)?.startsWith(HOOK.slice(0, HOOK.indexOf('before=')))) return state
  makeParents(path)
  if (state === 'absent' && lstatOrNothing(path)) {
    try {
      moveWithoutReplacing(path, join(path, '..', KEPT))
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return 'absent'
      throw fileFailure(error, path, 'write')
    }
  }
  writeAtomically(path, utf8(HOOK), { overwrite: state === 'active', mode: 0o755 })
  return 'active'
}

/** Takes the guard away and puts back the hook from before. A hook that somebody changed stays, and counts as `active`. */
export function removeGuard(repository: Repository): Guard {
  if (hooksElsewhere(repository)) return 'elsewhere'
  const path = hookFile(repository)
  const content = contentOf(path)
  if (content !== HOOK) return content?.includes(GUARD_LINE) ? 'active' : 'absent'
  const kept = join(path, '..', KEPT)
  try {
    if (lstatOrNothing(kept)) renameSync(kept, path)
    else removeQuietly(path)
  } catch (error) {
    throw fileFailure(error, path, 'write')
  }
  return 'absent'
}

function hookFile(repository: Repository): string {
  return join(repository.commonDirectory(), 'hooks', 'pre-commit')
}

/** Our own calls of git set core.hooksPath, which is the last value; any other is of a configuration file. */
function hooksElsewhere(repository: Repository): boolean {
  const { out } = repository.run(['config', '--get-all', '-z', 'core.hooksPath'], { answers: [0, 1] })
  return (text(out) ?? '').split('\0').length > 2
}

/** Undefined when there is no such file, or none that can be read as text. */
function contentOf(path: string): string | undefined {
  if (!lstatOrNothing(path)) return undefined
  try {
    return text(readFound(path, MAX_HOOK_BYTES, { followLink: true }).bytes) ?? ''
  } catch {
    return ''
  }
}
