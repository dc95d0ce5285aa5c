// A look at the vault's files and surroundings for `status` and `doctor`. It never throws for what it finds: a
// damaged vault is a result here, with the next thing to type. Nothing is changed and no key is needed.
import { accessSync, constants, lstatSync, readdirSync, statfsSync } from 'node:fs'
import type { Ask, Context, Inspection } from '../commands/context.ts'
import { toFailure } from '../lib/errors.ts'
import type { Failure } from '../lib/errors.ts'
import { hostileVariables } from '../lib/environment.ts'
import { checkDirectory, lstatOrNothing } from '../lib/files.ts'
import { printable } from '../lib/names.ts'
import { sharedSecretsFile, vaultFile } from '../lib/paths.ts'
import { toHuman } from '../lib/time.ts'
import type { FileState } from '../store/check.ts'
import type { Vault } from '../vault/vault.ts'
import { readConfig } from './config.ts'
import { fromSharedFile } from './passphrase.ts'
import type { Surroundings } from './passphrase.ts'
import { ownPolicyCheck, policyCheck } from './policy-check.ts'
import { Opened } from './opened.ts'
import { stateFailure } from './states.ts'

type Check = Inspection['checks'][number]
type State = Inspection['state']

export interface Looking extends Surroundings {
  build: Context['build']
  ask: Ask
}

/** `deep` also walks the whole file and decodes every row (milliseconds per megabyte). */
export async function inspect(around: Looking, deep: boolean): Promise<Inspection> {
  const { directory } = around
  const vault = await inspectVault(directory, deep)
  const { version, commit, platform } = around.build
  const checks: Check[] = [
    { name: 'version', status: 'info', detail: `${version} (${commit}, ${platform})` },
    ...directoryChecks(directory),
    ...vault.checks,
    await configCheck(around),
    await sourceCheck(around),
    await policyCheck(directory),
    ...environmentChecks(around),
  ]
  return { directory, state: vault.state, ...(vault.detail === undefined ? {} : { detail: vault.detail }), checks }
}

function directoryChecks(directory: string): Check[] {
  const name = 'vault dir'
  const shown = printable(directory)
  try {
    const stats = lstatOrNothing(directory)
    if (!stats) return [{ name, status: 'info', detail: `${shown} does not exist` }]
    checkDirectory(directory, stats)
    const checks: Check[] = [{ name, status: 'ok', detail: shown }]
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
    const foreign = stats.uid !== process.geteuid?.()
    if (foreign) checks.push({ name: 'dir perms', status: 'fail', detail: `${shown} belongs to somebody else` })
    else if ((stats.mode & 0o077) === 0) checks.push({ name: 'dir perms', status: 'ok', detail: mode })
    else {
      checks.push({ name: 'dir perms', status: 'warn', detail: `${mode}: others can look in; chmod 700 ${shown}` })
    }
    return [...checks, ...fileModes(directory), ...leftovers(directory), ...fileSystem(directory)]
  } catch (error) {
    return [{ name, status: 'fail', detail: words(toFailure(error)) }]
  }
}

function fileModes(directory: string): Check[] {
  return ['vault.db', 'vault.db-lock'].flatMap((file): Check[] => {
    const stats = lstatSync(`${directory}/${file}`, { throwIfNoEntry: false })
    if (!stats?.isFile() || (stats.mode & 0o077) === 0) return []
    const detail = `${file} is open to other users; chmod 600 ${printable(`${directory}/${file}`)}`
    return [{ name: 'file perms', status: 'warn', detail }]
  })
}

const LEFTOVER_MILLISECONDS = 3_600_000

/** Files of a command that was killed; younger ones may belong to one that is still running. */
function leftovers(directory: string): Check[] {
  return readdirSync(directory)
    .filter((name) => /^(?:vault\.db\.new-|\.restore-|\.vault\.db\.)/.test(name))
    .filter((name) => {
      const stats = lstatSync(`${directory}/${name}`, { throwIfNoEntry: false })
      return stats !== undefined && Date.now() - stats.mtimeMs > LEFTOVER_MILLISECONDS
    })
    .map((name) => ({
      name: 'leftovers',
      status: 'warn',
      detail: `a command that was killed left this; rm -r ${printable(`${directory}/${name}`)}`,
    }))
}

/** Kinds on which locks between machines, or memory maps, are not to be trusted (statfs(2), linux/magic.h). */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
])

/** Below this a commit may find no room; in bytes. */
const LITTLE_ROOM = 1_048_576

function fileSystem(directory: string): Check[] {
  const name = 'file system'
  const checks: Check[] = []
  const { type, bavail, bsize } = statfsSync(directory)
  const kind = REMOTE.get(type)
  if (kind !== undefined) checks.push({ name, status: 'warn', detail: `${kind}: locks may not hold between machines` })
  if (bavail * bsize < LITTLE_ROOM) checks.push({ name, status: 'warn', detail: 'the disk is full, or nearly; df -h' })
  try {
    accessSync(directory, constants.W_OK)
  } catch {
    checks.push({ name, status: 'warn', detail: 'cannot be written: names can be listed, but no value can be used' })
  }
  return checks
}

interface Seen {
  state: State
  detail?: string
  checks: Check[]
}

async function inspectVault(directory: string, deep: boolean): Promise<Seen> {
  const { preflight } = await import('../store/check.ts')
  const name = 'vault'
  const opened = new Opened(directory, 'none', 0)
  try {
    if (!lstatOrNothing(directory)) return absent(name, directory)
    const found = preflight(vaultFile(directory))
    if (found.state === 'absent') return absent(name, directory)
    const failure = stateFailure(directory, found)
    if (failure) return broken(STATES[found.state], failure)
    const vault = await opened.vault()
    const { vaultId, createdAt } = vault.header
    const checks: Check[] = [{ name, status: 'ok', detail: `${vaultId}, created ${toHuman(createdAt)}` }]
    checks.push(...(await ownPolicyCheck(vault)))
    if (deep) checks.push(...(await contentChecks(opened, vault)))
    return { state: 'ok', checks }
  } catch (error) {
    const failure = toFailure(error)
    return broken(KINDS[failure.kind] ?? 'unreadable', failure)
  } finally {
    await opened.close()
  }
}

const STATES: Record<FileState['state'], State> = {
  absent: 'absent',
  ok: 'ok',
  empty: 'corrupt',
  truncated: 'corrupt',
  corrupt: 'corrupt',
  bbolt: 'foreign',
  foreign: 'foreign',
  'not-regular': 'foreign',
  unreadable: 'unreadable',
}
const KINDS: Partial<Record<Failure['kind'], State>> = { busy: 'busy', corrupt: 'corrupt' }

function absent(name: string, directory: string): Seen {
  const detail = `there is none in ${printable(directory)}; tvault init makes one`
  return { state: 'absent', checks: [{ name, status: 'info', detail }] }
}

function broken(state: State, failure: Failure): Seen {
  const detail = words(failure)
  return { state, detail, checks: [{ name: 'vault', status: 'fail', detail }] }
}

function words({ message, hint }: Failure): string {
  return hint === undefined ? message : `${message} (${hint})`
}

async function contentChecks(opened: Opened, vault: Vault): Promise<Check[]> {
  const { verifyStructure } = await import('../vault/verify.ts')
  const store = await opened.store()
  const { projects, secrets, newest } = store.snapshot(verifyStructure)
  const { memoryKib, passes, lanes } = vault.header.kdf
  const change = newest === undefined ? '' : `, newest change ${toHuman(newest)}`
  return [
    { name: 'contents', status: 'ok', detail: `${projects} project(s), ${secrets} secret(s)${change}` },
    { name: 'integrity', status: 'ok', detail: 'every page and every row is in order' },
    {
      name: 'key derivation',
      status: 'info',
      detail: `Argon2id, ${memoryKib / 1024} MiB, ${passes} passes, ${lanes} lanes`,
    },
  ]
}

async function configCheck({ directory, environment }: Looking): Promise<Check> {
  const name = 'config'
  try {
    const { path } = await readConfig(directory, environment)
    return path === undefined
      ? { name, status: 'info', detail: 'no configuration file' }
      : { name, status: 'ok', detail: printable(path) }
  } catch (error) {
    return { name, status: 'fail', detail: words(toFailure(error)) }
  }
}

/** Where a passphrase would come from. Runs no command. */
async function sourceCheck({ directory, environment, taken, ask }: Looking): Promise<Check> {
  const name = 'unlock source'
  const found = (detail: string): Check => ({ name, status: 'info', detail })
  const file = (from: string, path: string): Check => {
    const words = `${from}: the passphrase lies in ${printable(path)}, where every program of yours can read it`
    return { name, status: 'warn', detail: `${words}; a command that asks a password manager is safer` }
  }
  if (taken.has('TVAULT_PASSPHRASE')) return found('TVAULT_PASSPHRASE')
  if (environment['TVAULT_PASSPHRASE_COMMAND']) return found('TVAULT_PASSPHRASE_COMMAND')
  const named = environment['TVAULT_PASSPHRASE_FILE']
  if (named) return file('TVAULT_PASSPHRASE_FILE', named)
  try {
    const { passphraseCommand, passphraseFile } = await readConfig(directory, environment)
    if (passphraseCommand !== undefined) return found('agent.passphrase_command')
    if (passphraseFile !== undefined) return file('agent.passphrase_file', passphraseFile)
  } catch {
    return { name, status: 'warn', detail: 'unknown, because the configuration file cannot be used' }
  }
  try {
    const shared = await fromSharedFile(directory, environment)
    shared?.secret.wipe()
    if (shared) return file('the shared secrets file', sharedSecretsFile(directory, environment) ?? '')
  } catch (error) {
    return { name, status: 'fail', detail: words(toFailure(error)) }
  }
  if (ask.possible) return { name, status: 'info', detail: 'the terminal' }
  return { name, status: 'warn', detail: 'none: values cannot be read here without a terminal' }
}

function environmentChecks({ environment, taken, ask }: Looking): Check[] {
  const directory = environment['TVAULT_DIR']
  return [
    { name: 'TVAULT_DIR', status: 'info', detail: directory ? printable(directory) : 'not set' },
    taken.has('TVAULT_PASSPHRASE')
      ? {
          name: 'TVAULT_PASSPHRASE',
          status: 'warn',
          detail: 'set: programs started beside tvault can read it; a file or a command is safer',
        }
      : { name: 'TVAULT_PASSPHRASE', status: 'ok', detail: 'not set' },
    runtimeCheck(environment),
    { name: 'terminal', status: 'info', detail: ask.possible ? 'can answer questions' : 'none' },
  ]
}

/** What `execute` refuses for every command that holds keys. */
function runtimeCheck(environment: Looking['environment']): Check {
  const name = 'runtime'
  const hostile = hostileVariables(environment)
  if (hostile.length === 0) return { name, status: 'ok', detail: 'no variable changes how this program runs' }
  const unset = hostile.map((variable) => `-u ${variable}`).join(' ')
  return { name, status: 'fail', detail: `${hostile.join(', ')} could run foreign code here; env ${unset} tvault …` }
}
