// Being the agent: takes the place, opens the vault, answers until it is told to stop, and leaves nothing behind. It
// stays in the foreground; who wants it elsewhere starts it there (systemd, launchd, `tvault unlock`).
import { Failure } from '../lib/errors.ts'
import { checkDirectory, lstatOrNothing, readFound } from '../lib/files.ts'
import { printable } from '../lib/names.ts'
import type { Reason } from '../modes/agent/broker.ts'
import { serve } from '../modes/agent/server.ts'
import { takePlace } from '../modes/agent/socket.ts'
import { Tokens } from '../modes/agent/tokens.ts'
import type { AgentLog } from './agent-log.ts'
import { VaultBroker } from './broker.ts'
import { desktopNotifier } from './notify.ts'
import type { Passphrase } from './passphrase.ts'

/** Longest wait for conversations that are in the middle of something, in milliseconds. */
const GRACE = 12_000
const MAX_TOKEN_FILE = 65_536

export interface Serving {
  directory: string
  version: string
  lockMilliseconds: number
  /** Milliseconds; 0: never. */
  idle: number
  limit: number
  requireToken: boolean
  tokenFile: string | undefined
  log: AgentLog
  /** Asked once, before anybody can connect; undefined: the agent starts locked. */
  passphrase: (() => Promise<Passphrase>) | undefined
  /** Called when the passphrase is not needed any more. */
  unlocked?: () => void
  /** Called when it listens. */
  ready: (socket: string) => void
}

/** Serves until it is told to stop; why it stopped. Throws what starting throws. */
export async function serveAgent(options: Serving): Promise<Reason> {
  const { directory, log, tokenFile } = options
  const stats = lstatOrNothing(directory)
  if (!stats)
    throw new Failure('not_initialized', `there is no vault in ${printable(directory)}`, { hint: 'tvault init' })
  checkDirectory(directory, stats)
  const { mac, sha256 } = await import('../crypto/keys.ts')
  const tokens = new Tokens({ sha256: (bytes) => sha256(bytes), hmac: mac })
  if (tokenFile !== undefined) tokens.load(readTokens(tokenFile))
  const place = takePlace(directory)
  try {
    let stopped: (reason: Reason) => void = () => undefined
    const over = new Promise<Reason>((resolve) => (stopped = resolve))
    const note = (line: string): void => log.write('info', line)
    const { version, lockMilliseconds, idle, limit, requireToken } = options
    const notify = desktopNotifier(process.env)
    const rest = { version, lockMilliseconds, idle, limit, requireToken, tokens, stopped, note, notify }
    let listening = false
    const reachable = (): boolean => !listening || place.holds()
    const broker = await VaultBroker.open({ directory, socket: place.path, reachable, ...rest })
    try {
      await unlockFirst(broker, options.passphrase)
      options.unlocked?.()
      const served = serve(place, broker, note)
      listening = true
      const restore = obeySignals(broker, log, { hangUp: () => reload(tokens, tokenFile, log), release: place.release })
      log.write('info', `listening at ${place.path}`)
      options.ready(place.path)
      const reason = await over
      await served.stop(GRACE)
      restore()
      log.write('info', `stopped (${reason})`)
      return reason
    } finally {
      await broker.close()
    }
  } finally {
    place.release()
  }
}

async function unlockFirst(broker: VaultBroker, passphrase: Serving['passphrase']): Promise<void> {
  if (!passphrase) return
  const { secret, source } = await passphrase()
  try {
    await broker.unlock(secret)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'wrong_passphrase') throw error
    throw new Failure('wrong_passphrase', `the passphrase (${source}) does not open this vault`)
  } finally {
    secret.wipe()
  }
}

/** SIGTERM and SIGINT end the agent, SIGHUP reads the tokens anew, and whatever nobody caught locks it first. */
function obeySignals(
  broker: VaultBroker,
  log: AgentLog,
  { hangUp, release }: { hangUp: () => void; release: () => void },
): () => void {
  const end = (): void => broker.stop('signal')
  const fault = (): void => {
    // First of all; whatever else goes wrong now, the keys are gone.
    broker.wipe()
    try {
      log.write('error', 'something went wrong inside the agent; it has locked the vault and ends')
    } finally {
      process.exit(1)
    }
  }
  // However the process ends, for example because nobody reads what it says: no key and no socket stays.
  const leave = (): void => {
    broker.wipe()
    release()
  }
  process.on('exit', leave)
  process.removeAllListeners('uncaughtException')
  process.removeAllListeners('unhandledRejection')
  process.on('uncaughtException', fault)
  process.on('unhandledRejection', fault)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end)
  process.on('SIGHUP', hangUp)
  return () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, end)
    process.off('SIGHUP', hangUp)
    process.off('exit', leave)
  }
}

/** A file that cannot be used leaves the tokens as they are. */
function reload(tokens: Tokens, path: string | undefined, log: AgentLog): void {
  if (path === undefined) return
  try {
    tokens.load(readTokens(path))
    log.write('info', 'tokens read again')
  } catch (error) {
    log.write('error', `the tokens stay as they are: ${error instanceof Failure ? error.message : 'unknown error'}`)
  }
}

function readTokens(path: string): Uint8Array {
  const { bytes, uid, mode } = readFound(path, MAX_TOKEN_FILE, { followLink: true })
  if (uid === process.geteuid?.() && (mode & 0o077) === 0) return bytes
  throw new Failure('failed', `${printable(path)} can be read or changed by others, or is not yours`, {
    hint: `chmod 600 ${printable(path)}`,
  })
}
