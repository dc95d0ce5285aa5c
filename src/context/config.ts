// The configuration file: where a passphrase comes from, and what the agent logs. Whoever can write this file can have
// a command run, so one that others can change is refused. Keys that are not ours are left alone.
import { existsSync } from 'node:fs'
import { Failure } from '../lib/errors.ts'
import { readFound } from '../lib/files.ts'
import type { Found } from '../lib/files.ts'
import { configFiles, expandHome } from '../lib/paths.ts'
import type { Environment } from '../lib/paths.ts'
import { printable } from '../lib/names.ts'
import { text } from '../lib/bytes.ts'

const MAX_CONFIG_BYTES = 262_144

export interface Config {
  /** The file that was read, or undefined when there is none. */
  path: string | undefined
  /** Words of the command, or one line that is still to be split. */
  passphraseCommand: readonly string[] | string | undefined
  passphraseFile: string | undefined
  /** Where the agent logs, and how much. */
  logDirectory: string | undefined
  logLevel: string | undefined
}

const NOTHING: Config = {
  path: undefined,
  passphraseCommand: undefined,
  passphraseFile: undefined,
  logDirectory: undefined,
  logLevel: undefined,
}

/**
 * Reads the configuration of the vault in `directory`. No file is no configuration. Throws `failed` when the file is
 * not YAML, has a key twice, when a key of ours has a wrong type, or when it names a command and is not safe from
 * other users.
 */
export async function readConfig(directory: string, environment: Environment): Promise<Config> {
  for (const path of configFiles(directory, environment)) {
    if (!existsSync(path)) continue
    const found = readFound(path, MAX_CONFIG_BYTES, { followLink: true })
    const agent = await agentSection(path, found.bytes)
    const command = agent['passphrase_command']
    const file = agent['passphrase_file']
    const config: Config = {
      path,
      passphraseCommand: isCommand(command) ? command : undefined,
      passphraseFile: pathOf(path, 'passphrase_file', file, environment),
      logDirectory: pathOf(path, 'log_dir', agent['log_dir'], environment),
      logLevel: wordOf(path, 'log_level', agent['log_level']),
    }
    if (command !== undefined && command !== null && config.passphraseCommand === undefined) {
      throw new Failure(
        'failed',
        `agent.passphrase_command in ${printable(path)} is neither a line nor a list of words`,
      )
    }
    if (config.passphraseCommand !== undefined) checkOwned(path, found)
    return config
  }
  return NOTHING
}

/**
 * `environment` with what the configuration says about the log of the agent, where no variable says it. A file that
 * cannot be used changes nothing here: looking at a log must also work then.
 */
export async function withLogSettings(directory: string, environment: Environment): Promise<Environment> {
  const config = await readConfig(directory, environment).catch((error: unknown) => {
    if (error instanceof Failure) return NOTHING
    throw error
  })
  return {
    ...environment,
    TVAULT_LOG_DIR: environment['TVAULT_LOG_DIR'] || config.logDirectory,
    TVAULT_LOG_LEVEL: environment['TVAULT_LOG_LEVEL'] || config.logLevel,
  }
}

async function agentSection(path: string, bytes: Uint8Array): Promise<Record<string, unknown>> {
  const content = text(bytes)
  if (content === undefined) throw new Failure('failed', `${printable(path)} is not UTF-8 text`)
  const { parseFirstDocument } = await import('../formats/yaml-keys.ts')
  let whole: unknown
  try {
    whole = parseFirstDocument(content).value
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure('failed', `${printable(path)}: ${error.message}`, { cause: error })
  }
  if (whole === null || whole === undefined) return {}
  if (!isRecord(whole)) throw new Failure('failed', `${printable(path)} does not hold settings`)
  const agent = whole['agent']
  if (agent === null || agent === undefined) return {}
  if (!isRecord(agent)) throw new Failure('failed', `agent in ${printable(path)} does not hold settings`)
  return agent
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A path of the file, or undefined when the key is not there or empty. */
function pathOf(path: string, key: string, value: unknown, environment: Environment): string | undefined {
  const word = wordOf(path, key, value)
  return word && expandHome(word, environment)
}

function wordOf(path: string, key: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string') return value
  throw new Failure('failed', `agent.${key} in ${printable(path)} is not a text`)
}

function isCommand(value: unknown): value is string | string[] {
  if (typeof value === 'string') return value.trim() !== ''
  return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string')
}

function checkOwned(path: string, { uid, mode }: Found): void {
  if (uid === process.geteuid?.() && (mode & 0o022) === 0) return
  throw new Failure('failed', `${printable(path)} names a passphrase command, but others can change the file`, {
    hint: `chmod 600 ${printable(path)}, and own it`,
  })
}
