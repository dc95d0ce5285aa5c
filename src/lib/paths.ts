// Where things are. Paths are computed from the environment that is handed in, never from process.env, and a
// relative guess such as `./.tvault` is never made: without a home directory the caller is told to name one.
import { isAbsolute, join, resolve } from 'node:path'
import { Failure } from './errors.ts'

/** Variables by name, as in process.env. An empty value counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `path` with a leading `~` or `~/` replaced by the home directory. Throws a usage failure when there is none. */
export function expandHome(path: string, environment: Environment): string {
  if (path !== '~' && !path.startsWith('~/')) return path
  return join(home(environment), path.slice(1))
}

/**
 * Absolute path of the vault directory: `flag` (`--vault`), else TVAULT_DIR, else `~/.tvault`. A leading `~` is
 * expanded in both. Throws a usage failure when all three are missing (HOME unset or relative).
 */
export function vaultDirectory(flag: string | undefined, environment: Environment): string {
  const named = flag || environment['TVAULT_DIR']
  return named ? resolve(expandHome(named, environment)) : defaultDirectory(environment)
}

/** `~/.tvault`. Throws a usage failure without a home directory. */
export function defaultDirectory(environment: Environment): string {
  return join(home(environment), '.tvault')
}

/** The vault's one file. Beside it LMDB keeps `vault.db-lock`, and the store `vault.db-checked` (store/stamp.ts). */
export function vaultFile(directory: string): string {
  return join(directory, 'vault.db')
}

/** Where the private keys of identities lie, beside the vault and outside of it. */
export function identityDirectory(directory: string): string {
  return join(directory, 'identities')
}

/** The file of one identity. `name` follows the rule of identity names, else it could lead anywhere. */
export function identityFile(directory: string, name: string): string {
  return join(identityDirectory(directory), `${name}.key`)
}

/**
 * The configuration file to look at: TVAULT_CONFIG, else `config.yaml` in the vault directory; `fallback` is the
 * second place, for the default vault directory only (spec/formats.md 7.6).
 */
export function configFiles(directory: string, environment: Environment): string[] {
  const named = environment['TVAULT_CONFIG']
  if (named) return [resolve(expandHome(named, environment))]
  const files = [join(directory, 'config.yaml')]
  const userHome = environment['HOME']
  if (userHome && isAbsolute(userHome) && directory === join(userHome, '.tvault')) {
    const base = environment['XDG_CONFIG_HOME']
    files.push(join(base && isAbsolute(base) ? base : join(userHome, '.config'), 'tvault', 'config.yaml'))
  }
  return files
}

/** The file that says what AI agents may do. */
export function policyFile(directory: string): string {
  return join(directory, 'mcp-policy.yaml')
}

/** `~/.config/secrets/env`, which several tools share; for the default vault only (spec/formats.md 7.6). */
export function sharedSecretsFile(directory: string, environment: Environment): string | undefined {
  const userHome = environment['HOME']
  if (!userHome || !isAbsolute(userHome) || directory !== join(userHome, '.tvault')) return undefined
  return join(userHome, '.config', 'secrets', 'env')
}

function home(environment: Environment): string {
  const path = environment['HOME']
  if (path && isAbsolute(path)) return path
  throw new Failure('usage', 'there is no home directory to keep a vault in: HOME is not set', {
    hint: 'name the directory: tvault --vault DIR, or set TVAULT_DIR',
  })
}
