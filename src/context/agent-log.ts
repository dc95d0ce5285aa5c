// The log of the agent: one file in a private directory, one older generation. Lines are words and bounded names, never
// a value: what could be one is not given to this file.
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { AgentLogState } from '../commands/agent-access.ts'
import { Failure } from '../lib/errors.ts'
import { checkRegular, fileFailure } from '../lib/files.ts'
import { printable } from '../lib/names.ts'
import { defaultDirectory } from '../lib/paths.ts'
import type { Environment } from '../lib/paths.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

const MAX_BYTES = 5 * 1024 * 1024
const MAX_LINE = 500

/**
 * The directory of the log: what was asked for, else the settings. Else, for the default vault, the state directory of
 * the user; another vault keeps its log beside itself, so that the agents of several do not write into one file.
 */
export function logDirectory(asked: string | undefined, environment: Environment, vault: string): string {
  if (asked) return asked
  if (environment['TVAULT_LOG_DIR']) return environment['TVAULT_LOG_DIR']
  if (!environment['HOME'] || vault !== defaultDirectory(environment)) return vault
  const state = environment['XDG_STATE_HOME']
  return state?.startsWith('/') ? join(state, 'tvault') : join(dirname(vault), '.local', 'state', 'tvault')
}

/** The level that was asked for, else that of TVAULT_LOG_LEVEL, else `info`. Throws a usage failure. */
export function levelOf(asked: LogLevel | undefined, environment: Environment): LogLevel {
  const named = asked ?? environment['TVAULT_LOG_LEVEL']
  const level = LOG_LEVELS.find((one) => one === (named || 'info'))
  if (level) return level
  throw new Failure('usage', 'TVAULT_LOG_LEVEL is no level', { hint: `one of ${LOG_LEVELS.join(', ')}` })
}

export const logFile = (directory: string): string => join(directory, 'agent.log')

export class AgentLog {
  readonly path: string
  readonly #from: number
  #size: number

  /** Opens the log in `directory`, which is made if need be, and moves one that is full away. Throws `failed`. */
  constructor(directory: string, level: LogLevel) {
    this.path = logFile(directory)
    this.#from = LOG_LEVELS.indexOf(level)
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      this.#size = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
      this.#rotate(0)
      append(this.path, '')
      chmodSync(this.path, 0o600)
    } catch (error) {
      throw fileFailure(error, this.path, 'write')
    }
  }

  /** Writes one line. A log that cannot be written stops nobody. */
  write(level: LogLevel, message: string): void {
    if (LOG_LEVELS.indexOf(level) < this.#from) return
    const words = printable(message).slice(0, MAX_LINE).replaceAll('"', "'")
    const line = `time="${new Date().toISOString()}" level=${level} pid=${process.pid} msg="${words}"\n`
    try {
      this.#rotate(line.length)
      append(this.path, line)
      this.#size += Buffer.byteLength(line)
    } catch {
      // The disk is full, or the directory is gone.
    }
  }

  #rotate(more: number): void {
    if (this.#size + more < MAX_BYTES) return
    renameSync(this.path, `${this.path}.1`)
    this.#size = 0
  }
}

/** Follows no link, and waits for nobody at the other end of a FIFO. */
function append(path: string, line: string): void {
  const flags =
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const fd = openSync(path, flags, 0o600)
  try {
    checkRegular(path, fstatSync(fd))
    if (line !== '') writeSync(fd, line)
  } finally {
    closeSync(fd)
  }
}

/** What the log in `directory` holds, and its newest lines; `clear` empties it and drops the older generation. */
export function readLog(directory: string, { lines, clear }: { lines: number; clear: boolean }): AgentLogState {
  const path = logFile(directory)
  try {
    if (clear) {
      rmSync(`${path}.1`, { force: true })
      if (existsSync(path)) truncateSync(path)
    }
    const stats = statSync(path, { throwIfNoEntry: false })
    if (!stats?.isFile()) return { path, exists: false, size_bytes: 0, lines: [] }
    const text = lines > 0 ? readFileSync(path, 'utf8') : ''
    return {
      path,
      exists: true,
      size_bytes: stats.size,
      lines: lines > 0 ? text.trimEnd().split('\n').slice(-lines) : [],
    }
  } catch (error) {
    throw fileFailure(error, path, 'read')
  }
}
