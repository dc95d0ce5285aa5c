// Where a passphrase comes from, in the order of topic `environment`. A source that is set is final: when it fails or
// its passphrase is wrong, the next one is not tried. A passphrase is bytes from its source to its wiping.
import { existsSync } from 'node:fs'
import { utf8 } from '../lib/bytes.ts'
import { HANDED_OVER } from '../lib/environment.ts'
import { Failure } from '../lib/errors.ts'
import { readFound } from '../lib/files.ts'
import { printable } from '../lib/names.ts'
import { expandHome, sharedSecretsFile } from '../lib/paths.ts'
import { Secret } from '../lib/secret.ts'
import type { Environment } from '../lib/paths.ts'
import type { Ask } from '../commands/context.ts'
import { readConfig } from './config.ts'

/** The longest passphrase of any source, in bytes. */
export const MAX_PASSPHRASE_BYTES = 4096
const MAX_FILE_BYTES = 1_048_576

/** Named in messages. */
export type Source = 'terminal' | `from ${string}`

export interface Passphrase {
  secret: Secret
  source: Source
}

/** The variables whose value is a passphrase. */
export type PassphraseVariable = 'TVAULT_PASSPHRASE' | 'TVAULT_NEW_PASSPHRASE' | 'TVAULT_IMPORT_PASSPHRASE'

/** The variables that are taken out of the environment: passphrases, a private key, a token. */
const TAKEN = [
  'TVAULT_PASSPHRASE',
  'TVAULT_NEW_PASSPHRASE',
  'TVAULT_IMPORT_PASSPHRASE',
  'TVAULT_IDENTITY_KEY',
  'TVAULT_AGENT_TOKEN',
] as const

export type TakenVariable = (typeof TAKEN)[number]

/** Passphrases and keys that came by the environment, taken out of it at the start. */
export class Taken {
  readonly #values = new Map<string, Secret>()
  /** Whether no copy is left in the memory of the runtime. */
  #clean = true

  /** Takes these variables out of the environment, so that neither a child nor /proc shows them from here on. */
  static async fromEnvironment(environment: Environment): Promise<Taken> {
    const taken = new Taken()
    if (environment[HANDED_OVER] !== undefined) {
      const { handedOver } = await import('./start-anew.ts')
      for (const [name, value] of handedOver(environment) ?? []) taken.#values.set(name, value)
      taken.#clean = taken.#values.size > 0
    }
    for (const name of TAKEN) {
      const seen = environment[name]
      if (seen === undefined) continue
      const { takeEnvironment } = await import('../lib/native.ts')
      // The C library has the bytes; what this process itself put into process.env is not there.
      const bytes = takeEnvironment(name) ?? utf8(seen)
      delete process.env[name]
      if (bytes.length === 0) continue
      taken.#clean = false
      taken.#values.set(name, new Secret(bytes))
    }
    return taken
  }

  /**
   * For a command that stays: has the process begin anew where the runtime may still know what was in the environment.
   * Does not return then. Before anything else is done, since nothing of it is left.
   */
  async cleanMemory(environment: Environment): Promise<void> {
    if (this.#clean) return
    const { startAnew } = await import('./start-anew.ts')
    startAnew(this.#values, environment)
  }

  has(name: TakenVariable): boolean {
    return this.#values.has(name)
  }

  /** A copy that the caller wipes. */
  copy(name: TakenVariable): Secret | undefined {
    const value = this.#values.get(name)
    return value && new Secret(value.reveal().slice())
  }

  wipe(): void {
    for (const value of this.#values.values()) value.wipe()
    this.#values.clear()
  }
}

/** What the sources are made of; the test brings its own. */
export interface Surroundings {
  environment: Environment
  taken: Taken
  /** Vault directory, for the configuration file beside the vault. */
  directory: string
}

/**
 * The passphrase of the first source that is set, or undefined when only a person could tell it. `variable` names the
 * family: TVAULT_PASSPHRASE, TVAULT_PASSPHRASE_COMMAND, TVAULT_PASSPHRASE_FILE, and the configuration file for the
 * present one; the same without configuration for the others. Throws `failed` when a set source fails.
 */
export async function fromSources(
  { environment, taken, directory }: Surroundings,
  variable: PassphraseVariable,
): Promise<Passphrase | undefined> {
  // A configuration that cannot be used stops the command even when the passphrase comes from elsewhere.
  const config = variable === 'TVAULT_PASSPHRASE' ? await readConfig(directory, environment) : undefined

  const direct = taken.copy(variable)
  if (direct) return { secret: direct, source: `from ${variable}` }

  const line = environment[`${variable}_COMMAND`]
  if (line) return byCommand(line, `${variable}_COMMAND`, environment)

  const file = environment[`${variable}_FILE`]
  if (file) return byFile(expandHome(file, environment), variable, `${variable}_FILE`)

  if (config === undefined) return undefined
  if (config.passphraseCommand !== undefined) {
    return byCommand(config.passphraseCommand, 'agent.passphrase_command', environment)
  }
  if (config.passphraseFile !== undefined) return byFile(config.passphraseFile, variable, 'agent.passphrase_file')
  return fromSharedFile(directory, environment)
}

/** The passphrase of `~/.config/secrets/env`, or undefined when there is no such file or no such line in it. */
export async function fromSharedFile(directory: string, environment: Environment): Promise<Passphrase | undefined> {
  const path = sharedSecretsFile(directory, environment)
  if (path === undefined || !existsSync(path)) return undefined
  const secret = await readLineOf(path, 'TVAULT_PASSPHRASE', 'the shared secrets file')
  return secret && { secret, source: `from ${path}` }
}

async function byCommand(
  command: string | readonly string[],
  setting: string,
  environment: Environment,
): Promise<Passphrase> {
  const { runPassphraseCommand } = await import('../guard/passphrase-command.ts')
  const secret = await runPassphraseCommand(command, {
    setting,
    timeoutSeconds: seconds(environment, 'TVAULT_PASSPHRASE_TIMEOUT', 30, 1),
    maxBytes: MAX_PASSPHRASE_BYTES,
  })
  return { secret, source: `from ${setting}` }
}

async function byFile(path: string, variable: PassphraseVariable, setting: string): Promise<Passphrase> {
  const secret = await readLineOf(path, variable, setting)
  if (secret) return { secret, source: `from ${setting}` }
  throw new Failure('failed', `${printable(path)} (${setting}) does not hold a line ${variable}=…`)
}

/** The value of the line for `variable`, or undefined without one. Throws `failed` when others can read the file. */
async function readLineOf(path: string, variable: PassphraseVariable, setting: string): Promise<Secret | undefined> {
  const { bytes, uid, mode } = readFound(path, MAX_FILE_BYTES, { followLink: true })
  try {
    if (uid !== process.geteuid?.()) {
      throw new Failure('failed', `${printable(path)} (${setting}) belongs to somebody else`)
    }
    if ((mode & 0o077) !== 0) {
      throw new Failure('failed', `${printable(path)} (${setting}) can be read or changed by others`, {
        hint: `chmod 600 ${printable(path)}`,
      })
    }
    const { parseDotenv } = await import('../formats/dotenv.ts')
    const { entries } = parseDotenv(bytes)
    const entry = entries.find(({ key }) => key === variable)
    const secret = new Secret(entry?.value.reveal().slice() ?? new Uint8Array(0))
    for (const { value } of entries) value.wipe()
    return secret.size > 0 ? checkLength(secret, setting) : undefined
  } finally {
    bytes.fill(0)
  }
}

function checkLength(secret: Secret, setting: string): Secret {
  if (secret.size <= MAX_PASSPHRASE_BYTES) return secret
  secret.wipe()
  throw new Failure('failed', `the passphrase of ${setting} is longer than ${MAX_PASSPHRASE_BYTES} bytes`)
}

/** The passphrase from the terminal; `locked` when there is none to ask on. */
export async function fromTerminal(ask: Ask, label: string, variable: PassphraseVariable): Promise<Passphrase> {
  if (ask.possible) {
    // The time that typing takes is used: after Enter the key is nearly there.
    ;(await import('../crypto/ahead.ts')).expectDerivation({ warm: true })
    return { secret: await ask.hidden(label), source: 'terminal' }
  }
  throw new Failure('locked', 'a passphrase is needed, and there is no terminal to ask on', {
    hint: `set ${variable}_FILE to a 0600 file with a line ${variable}=…, or ${variable}_COMMAND`,
  })
}

/** A setting in whole seconds between `least` and 3600. Throws a usage failure when it is anything else. */
export function seconds(environment: Environment, name: string, fallback: number, least: number): number {
  const typed = environment[name]
  if (!typed) return fallback
  const value = /^\d{1,4}$/.test(typed) ? Number(typed) : Number.NaN
  if (value >= least && value <= 3600) return value
  throw new Failure('usage', `${name} is not a number of seconds from ${least} to 3600`)
}
