// Every setting that is not a flag of one command: one row each, read by doctor and by the generated documents.
// A variable that is not in this table must not be read anywhere else.
import type { Globals } from './commands/context.ts'
import { vaultDirectory } from './lib/paths.ts'
import type { Environment } from './lib/paths.ts'

export interface Setting {
  name: string
  /** `variable` of the environment, or `config` key in config.yaml. */
  kind: 'variable' | 'config'
  about: string
  /** What holds without it, in words. */
  fallback?: string
  /** Its value opens the vault, so it is never shown and never reaches a child. */
  secret: boolean
  /** `run` leaves it in the environment of the child. */
  toChild: boolean
}

/** The table, in the order in which it is printed. */
export const SETTINGS: readonly Setting[] = [
  {
    name: 'TVAULT_DIR',
    kind: 'variable',
    about: 'directory of the vault; a leading ~ is the home directory',
    fallback: '~/.tvault',
    secret: false,
    toChild: true,
  },
  {
    name: 'TVAULT_CONFIG',
    kind: 'variable',
    about: 'configuration file',
    fallback: 'config.yaml in the vault directory; for the default vault also $XDG_CONFIG_HOME/tvault/config.yaml',
    secret: false,
    toChild: true,
  },
  {
    name: 'TVAULT_PASSPHRASE',
    kind: 'variable',
    about: 'the passphrase; taken out of the environment as soon as the program starts',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_PASSPHRASE_COMMAND',
    kind: 'variable',
    about: 'a command line whose output is the passphrase; split like a shell does, but run without one',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_PASSPHRASE_FILE',
    kind: 'variable',
    about: 'an env-style file with a line TVAULT_PASSPHRASE=…; yours, and readable by nobody else (0600)',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_HANDED_OVER',
    kind: 'variable',
    about: 'set by tvault alone, when it begins anew to forget a passphrase of the environment: where that is now',
    secret: false,
    toChild: false,
  },
  {
    name: 'TVAULT_PASSPHRASE_TIMEOUT',
    kind: 'variable',
    about: 'seconds that a passphrase command may take, 1 to 3600',
    fallback: '30; for shell-init 5',
    secret: false,
    toChild: false,
  },
  {
    name: 'TVAULT_NEW_PASSPHRASE',
    kind: 'variable',
    about: '`key rotate` only: the new passphrase; taken out of the environment as soon as the program starts',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_NEW_PASSPHRASE_COMMAND',
    kind: 'variable',
    about: '`key rotate` only: a command line whose output is the new passphrase',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_NEW_PASSPHRASE_FILE',
    kind: 'variable',
    about: '`key rotate` only: an env-style file with a line TVAULT_NEW_PASSPHRASE=…',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_IMPORT_PASSPHRASE',
    kind: 'variable',
    about:
      '`import --from` only: the passphrase of the file; taken out of the environment as soon as the program starts',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_IMPORT_PASSPHRASE_COMMAND',
    kind: 'variable',
    about: '`import --from` only: a command line whose output is the passphrase of the file',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_IMPORT_PASSPHRASE_FILE',
    kind: 'variable',
    about: '`import --from` only: an env-style file with a line TVAULT_IMPORT_PASSPHRASE=…',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_IDENTITY',
    kind: 'variable',
    about: 'name of the identity that `open`, `decrypt-env`, `k8s render` and git try first',
    fallback: 'default, then every other',
    secret: false,
    toChild: true,
  },
  {
    name: 'TVAULT_IDENTITY_KEY',
    kind: 'variable',
    about: 'a private key (tvault-key1…) to be tried; taken out of the environment as soon as the program starts',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_LOCK_TIMEOUT',
    kind: 'variable',
    about:
      'seconds to wait while another process writes, 0 to 3600; they begin anew when it has, at most a dozen times',
    fallback: '10; for shell-init 2',
    secret: false,
    toChild: false,
  },
  {
    name: 'TVAULT_AGENT_TOKEN',
    kind: 'variable',
    about: 'a token of the agent; taken out of the environment as soon as the program starts',
    secret: true,
    toChild: false,
  },
  {
    name: 'TVAULT_LOG_DIR',
    kind: 'variable',
    about: 'directory of the log of the agent',
    fallback: 'for the default vault $XDG_STATE_HOME/tvault or ~/.local/state/tvault, else the vault directory',
    secret: false,
    toChild: false,
  },
  {
    name: 'TVAULT_LOG_LEVEL',
    kind: 'variable',
    about: 'what the agent logs: debug, info, warn, error',
    fallback: 'info',
    secret: false,
    toChild: false,
  },
  {
    name: 'TVAULT_NO_AGENT',
    kind: 'variable',
    about: 'any value: do not ask a running agent',
    secret: false,
    toChild: true,
  },
  {
    name: 'NO_COLOR',
    kind: 'variable',
    about: 'any value: no colour (TERM=dumb does the same)',
    secret: false,
    toChild: true,
  },
  {
    name: 'TERM',
    kind: 'variable',
    about: 'kind of terminal; `dumb` switches colour off',
    secret: false,
    toChild: true,
  },
  {
    name: 'GITHUB_ENV',
    kind: 'variable',
    about: '`ci export` only: the file of the job of GitHub Actions to which it appends',
    secret: false,
    toChild: true,
  },
  {
    name: 'HOME',
    kind: 'variable',
    about: 'home directory, where the default vault is',
    secret: false,
    toChild: true,
  },
  {
    name: 'XDG_CONFIG_HOME',
    kind: 'variable',
    about: 'base of the second place of the configuration file',
    fallback: '~/.config',
    secret: false,
    toChild: true,
  },
  {
    name: 'agent.passphrase_command',
    kind: 'config',
    about: 'like TVAULT_PASSPHRASE_COMMAND, as one line or as a list of words; the file must be yours and 0600 or 0644',
    secret: true,
    toChild: false,
  },
  {
    name: 'agent.passphrase_file',
    kind: 'config',
    about: 'like TVAULT_PASSPHRASE_FILE',
    secret: true,
    toChild: false,
  },
  {
    name: 'agent.log_dir',
    kind: 'config',
    about: 'like TVAULT_LOG_DIR',
    secret: false,
    toChild: false,
  },
  {
    name: 'agent.log_level',
    kind: 'config',
    about: 'like TVAULT_LOG_LEVEL',
    secret: false,
    toChild: false,
  },
]

/** The global flags as they were typed. An empty text counts as not given. */
export interface GlobalFlags {
  vault?: string | undefined
  project?: string | undefined
  json?: boolean | undefined
  verbose?: boolean | undefined
  'no-agent'?: boolean | undefined
}

/**
 * Flags and environment put together. `directory` is worked out when it is first read, so that `help` and `version`
 * also run where there is no home directory; reading it then throws a usage failure.
 */
export function resolveGlobals(flags: GlobalFlags, environment: Environment = process.env): Globals {
  return {
    get directory() {
      return vaultDirectory(flags.vault, environment)
    },
    project: flags.project || undefined,
    json: flags.json ?? false,
    verbose: flags.verbose ?? false,
    noAgent: (flags['no-agent'] ?? false) || !!environment['TVAULT_NO_AGENT'],
  }
}
