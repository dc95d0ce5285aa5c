// The service that lets the system start the agent: one file of the user, and the words of the service manager around
// it. What could not be loaded is taken away again, so that no half-installed service is left behind.
import { existsSync, rmSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { AgentService, ServiceWish } from '../commands/agent-access.ts'
import { Failure } from '../lib/errors.ts'
import { ensureDirectory, writeAtomically } from '../lib/files.ts'
import { printable } from '../lib/names.ts'
import type { Environment } from '../lib/paths.ts'
import { parseDuration } from '../lib/quantities.ts'
import { logDirectory } from './agent-log.ts'

const UNIT = 'tvault-agent.service'
const LABEL = 'dev.tinyvault.agent'
const PATIENCE_MILLISECONDS = 20_000

type Find = typeof import('../guard/program.ts').findProgram

/** The service of this user for the agent of the vault `directory`. Throws `failed` without a home directory. */
export async function agentService({
  directory,
  environment,
}: {
  directory: string
  environment: Environment
}): Promise<AgentService> {
  const [{ launchdPlist, systemdUnit }, { findProgram }] = await Promise.all([
    import('../faces/service.ts'),
    import('../guard/program.ts'),
  ])
  const mac = process.platform === 'darwin'
  const path = mac ? join(home(environment), 'Library', 'LaunchAgents', `${LABEL}.plist`) : unitPath(environment)
  const manage = (...words: readonly (readonly string[])[]): void => {
    for (const word of words) {
      tell(findProgram, mac ? ['launchctl', ...word] : ['systemctl', '--user', ...word], environment)
    }
  }
  const domain = `gui/${process.getuid?.() ?? 0}`
  const load = (): void => {
    if (mac) manage(['bootstrap', domain, path])
    else manage(['daemon-reload'], ['enable', '--now', UNIT])
  }
  const demand = (): void => {
    if (existsSync(path)) return
    throw new Failure('not_found', 'the agent is not installed as a service', { hint: 'tvault agent install' })
  }

  const service: AgentService = {
    path,
    get installed() {
      return existsSync(path)
    },

    print(wish) {
      const text = { command: commandOf(directory, wish, environment), environment: variables(wish) }
      return mac
        ? launchdPlist(LABEL, logDirectory(wish.logDirectory, environment, directory), text)
        : systemdUnit(text)
    },

    async install(wish, now) {
      const text = service.print(wish)
      if (now) findManager(findProgram, mac, environment)
      const before = existsSync(path)
      ensureDirectory(dirname(path))
      writeAtomically(path, Buffer.from(text), { overwrite: true })
      if (!now) return
      try {
        load()
      } catch (error) {
        if (!before) rmSync(path, { force: true })
        throw error
      }
    },

    async uninstall() {
      demand()
      try {
        if (mac) manage(['bootout', `${domain}/${LABEL}`])
        else manage(['disable', '--now', UNIT])
      } finally {
        rmSync(path, { force: true })
      }
      if (!mac) manage(['daemon-reload'])
    },

    async restart() {
      demand()
      if (mac) manage(['kickstart', '-k', `${domain}/${LABEL}`])
      else manage(['restart', UNIT])
    },
  }
  return service
}

function home(environment: Environment): string {
  const { HOME } = environment
  if (HOME && isAbsolute(HOME)) return HOME
  throw new Failure('failed', 'there is no home directory for the service file', { hint: 'set HOME' })
}

function unitPath(environment: Environment): string {
  const { XDG_CONFIG_HOME } = environment
  const base = XDG_CONFIG_HOME && isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(home(environment), '.config')
  return join(base, 'systemd', 'user', UNIT)
}

/** Without a passphrase file the agent starts locked, and `tvault unlock` gives it the passphrase. */
function commandOf(directory: string, wish: ServiceWish, environment: Environment): string[] {
  const { idle = '0', passphraseFile, logDirectory: logs, logLevel } = wish
  parseDuration(idle)
  return [
    process.execPath,
    'agent',
    'start',
    '--vault',
    resolve(directory),
    '--idle',
    idle,
    ...(passphraseFile === undefined ? ['--locked'] : []),
    '--log-dir',
    resolve(logDirectory(logs, environment, directory)),
    ...(logLevel === undefined ? [] : ['--log-level', logLevel]),
  ]
}

function variables({ passphraseFile }: ServiceWish): Record<string, string> {
  return passphraseFile === undefined ? {} : { TVAULT_PASSPHRASE_FILE: resolve(passphraseFile) }
}

function findManager(find: Find, mac: boolean, environment: Environment): string {
  try {
    return find(mac ? 'launchctl' : 'systemctl', environment['PATH'])
  } catch {
    throw new Failure('failed', `there is no ${mac ? 'launchd' : 'systemd'} here to start the agent`, {
      hint: 'tvault unlock starts one without it; --no-load only writes the file',
    })
  }
}

function tell(find: Find, [program, ...words]: readonly string[], environment: Environment): void {
  const file = find(program!, environment['PATH'])
  const done = Bun.spawnSync([file, ...words], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    timeout: PATIENCE_MILLISECONDS,
  })
  if (done.exitCode === 0) return
  const said = printable(done.stderr.toString().trim().split('\n')[0]?.slice(0, 200) ?? '')
  throw new Failure('failed', `${program} ${words.join(' ')} failed${said === '' ? '' : `: ${said}`}`, {
    hint: 'tvault unlock starts an agent without it',
  })
}
