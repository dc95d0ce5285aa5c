// The agent as commands about it see it: start one, ask how it is, unlock, lock, end. Each call is a conversation of its
// own. What serves (agent-serve.ts) is loaded only by who becomes the agent.
import { closeSync, existsSync, readFileSync } from 'node:fs'
import type { AgentAccess, AgentLogState, AgentWish, Waiting } from '../commands/agent-access.ts'
import type { Ask } from '../commands/context.ts'
import { Failure } from '../lib/errors.ts'
import type { Effect } from '../lib/gate.ts'
import { memfd } from '../lib/native.ts'
import { UnixConnection } from '../lib/native-socket.ts'
import type { Environment } from '../lib/paths.ts'
import type { Secret } from '../lib/secret.ts'
import type { AgentStatus, TokenWish } from '../modes/agent/broker.ts'
import { socketPath } from '../modes/agent/socket-path.ts'
import type { Pending } from '../modes/agent/approvals.ts'
import type { PlainClient } from '../modes/agent/plain-client.ts'
import type { TokenInfo } from '../modes/agent/tokens.ts'
import { agentSession, requestOf } from './agent.ts'
import type { AgentCaller } from './agent.ts'
import { withLogSettings } from './config.ts'
import type { Passphrase } from './passphrase.ts'

/** How long an agent that was started may take until it listens, and one that was ended until it is gone. */
const PATIENCE_MILLISECONDS = 13_000
const NAP_MILLISECONDS = 10
const TRIES = 3
/** What a background agent needs of our environment; nothing in it opens the vault. */
const FOR_AGENT =
  /^(?:HOME|PATH|LANG|LC_\w+|TMPDIR|XDG_\w+|DBUS_SESSION_BUS_ADDRESS|TVAULT_(?:CONFIG|LOG_DIR|LOG_LEVEL|LOCK_TIMEOUT))$/

export interface AgentSurroundings {
  directory: () => string
  command: string
  effect: Effect
  interactive: boolean
  version: string
  environment: Environment
  ask: Ask
  lockMilliseconds: () => number
  /** The passphrase from its source or the terminal. */
  passphrase: () => Promise<Passphrase>
  token: () => Secret | undefined
  /** Wipes the passphrases and tokens that came in the environment. */
  forget: () => void
  note: (text: string) => void
}

export function agentAccess(around: AgentSurroundings): AgentAccess {
  const caller = (): AgentCaller => ({ ...around, directory: around.directory() })

  const request = (op: string, args?: readonly unknown[], plainly?: (plain: PlainClient) => unknown) =>
    requestOf(caller(), op, args, plainly)
  const statusOf = async (): Promise<AgentStatus> =>
    (await request('status', [], (plain) => ({ ...plain.status(), unlocked: true }))) as AgentStatus

  return {
    serve: (wish) => serve(around, wish),

    async status() {
      try {
        return { running: true, ...(await statusOf()) }
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== 'not_found') throw error
        return { running: false, stale_socket: existsSync(socketPath(around.directory())) }
      }
    },

    async unlock(wish) {
      const present = await agentSession(caller())
      present?.close()
      if (present?.plain) {
        throw new Failure('conflict', 'an agent of TinyVault 0.23 runs here and has the key already', {
          hint: 'tvault agent stop ends it',
        })
      }
      const started = present === undefined
      if (started) await startInBackground(around, wish)
      for (let attempt = 1; ; attempt++) {
        const { secret, source } = await around.passphrase()
        try {
          await request('unlock', [secret])
          break
        } catch (error) {
          const wrong = error instanceof Failure && error.kind === 'wrong_passphrase'
          if (!wrong || source !== 'terminal' || attempt === TRIES) {
            if (started) await request('stop')
            throw error
          }
          around.note('wrong passphrase, try again')
        } finally {
          secret.wipe()
        }
      }
      const { pid } = await statusOf()
      return { started, pid }
    },

    async lock() {
      const { pid } = await statusOf()
      await request('lock')
      return { pid }
    },

    async stop() {
      await request('stop', [], (plain) => plain.stop())
      await until(() => !existsSync(socketPath(around.directory())), 'the agent does not end')
    },

    newToken: async (wish: TokenWish) => (await request('token-new', [wish])) as { token: Secret; info: TokenInfo },
    tokens: async () => (await request('token-list')) as TokenInfo[],
    revokeToken: async (id: string) => (await request('token-revoke', [id])) === true,

    ...decisions(caller),
    forgive: async (client) => Number(await request('forgive', [client])),
    async lockServers() {
      const { stampLock } = await import('./lock-stamp.ts')
      stampLock(around.directory())
    },

    async service() {
      const { agentService } = await import('./agent-service.ts')
      return agentService({ directory: around.directory(), environment: around.environment })
    },

    async log({ directory, lines, clear }): Promise<AgentLogState> {
      const { logDirectory, readLog } = await import('./agent-log.ts')
      const environment = await withLogSettings(around.directory(), around.environment)
      return readLog(logDirectory(directory, environment, around.directory()), { lines, clear })
    },
  }
}

/** The owner's word about what waits: the same from the command line and from a page. */
export function decisions(caller: () => AgentCaller): Pick<AgentAccess, 'approvals' | 'approve' | 'deny'> {
  return {
    approvals: async () => (await requestOf(caller(), 'approvals')) as Waiting,
    approve: async (id, passphrase, wish) => (await requestOf(caller(), 'approve', [id, passphrase, wish])) as Pending,
    deny: async (id) => (await requestOf(caller(), 'deny', [id])) as Pending,
  }
}

async function serve(around: AgentSurroundings, wish: AgentWish): Promise<string> {
  const [{ serveAgent }, { AgentLog, logDirectory, levelOf }] = await Promise.all([
    import('./agent-serve.ts'),
    import('./agent-log.ts'),
  ])
  const { requireToken, tokenFile, locked, idleSeconds, limitSeconds } = wish
  if (requireToken && tokenFile === undefined) {
    throw new Failure('usage', '--require-token needs --token-file', { hint: 'tvault agent start --help' })
  }
  const { note } = around
  const environment = await withLogSettings(around.directory(), around.environment)
  return serveAgent({
    directory: around.directory(),
    version: around.version,
    lockMilliseconds: around.lockMilliseconds(),
    idle: Math.max(0, idleSeconds) * 1000,
    limit: Math.max(0, limitSeconds) * 1000,
    requireToken,
    tokenFile,
    log: new AgentLog(
      logDirectory(wish.logDirectory, environment, around.directory()),
      levelOf(wish.logLevel, environment),
    ),
    passphrase: locked ? undefined : around.passphrase,
    unlocked: around.forget,
    ready: (socket) => {
      const until = idleSeconds > 0 ? `idle ${idleSeconds} s` : 'no idle limit'
      note(`tvault agent listening at ${socket} (pid ${process.pid}, ${until}). Press Ctrl-C to stop.`)
    },
  })
}

/** Another process of this program, with a session of its own and none of our streams. It starts without a key. */
async function startInBackground(
  { directory, environment }: AgentSurroundings,
  { idle, limit }: { idle: string | undefined; limit: string | undefined },
): Promise<void> {
  const compiled = Bun.main.startsWith('/$bunfs/')
  const program = compiled ? [process.execPath] : [process.execPath, Bun.main]
  const flags = [...(idle === undefined ? [] : ['--idle', idle]), ...(limit === undefined ? [] : ['--limit', limit])]
  const passed = Object.entries(environment).filter(([name]) => FOR_AGENT.test(name))
  // Not a pipe: what it says later would end it when nobody reads any more.
  const words = memfd('tvault-agent')
  const child = Bun.spawn([...program, 'agent', 'start', '--locked', '--vault', directory(), ...flags], {
    cwd: '/',
    env: Object.fromEntries(passed),
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: words,
    detached: true,
  })
  try {
    await until(() => answers(socketPath(directory())) || child.exitCode !== null, 'the agent does not start')
    if (child.exitCode === null) return
    const said = readFileSync(`/proc/self/fd/${words}`, 'utf8').split('\n')[0] ?? ''
    throw new Failure('failed', `the agent did not start: ${said.replace(/^Error: /, '')}`, {
      hint: 'tvault agent start shows why',
    })
  } finally {
    closeSync(words)
    child.unref()
  }
}

/** Whether somebody is behind the socket: one that a killed agent left is there and does not answer. */
function answers(path: string): boolean {
  const connection = UnixConnection.to(path)
  if (typeof connection === 'string') return connection === 'full'
  connection.close()
  return true
}

async function until(done: () => boolean, otherwise: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS
  while (!done()) {
    if (performance.now() > deadline) throw new Failure('busy', otherwise, { hint: 'tvault agent logs' })
    await Bun.sleep(NAP_MILLISECONDS)
  }
}
