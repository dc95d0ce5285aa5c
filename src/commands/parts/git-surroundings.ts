// What the room `git` is given by every command that git starts or that works on a repository.
import type { Surroundings } from '../../git/filter.ts'
import { Failure } from '../../lib/errors.ts'
import type { Context } from '../context.ts'

/**
 * The surroundings of `context`. Programs that git starts in turn find the vault directory that was named here. `quiet`
 * is for what git starts once for each file: nothing is noted.
 */
export function gitSurroundings(context: Context, command: string, { quiet = false } = {}): Surroundings {
  return {
    cwd: process.cwd(),
    environment: { ...process.env, ...vaultDirectory(context) },
    identities: (fallbackName) => context.identities({ fallbackName, command, useEnvironmentName: true, quiet }),
    note: (text) => (quiet ? undefined : context.note(text)),
  }
}

/** Empty where no directory can be named, which a filter without an identity does not mind. */
function vaultDirectory(context: Context): { TVAULT_DIR?: string } {
  try {
    return { TVAULT_DIR: context.globals.directory }
  } catch (error) {
    if (error instanceof Failure) return {}
    throw error
  }
}
