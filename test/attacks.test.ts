// Attacks that worked on TinyVault 0.23 and concern files: what its commands could be made to write over, to read, to
// wait for and to run. Numbers are those of the lists the decisions refer to; test/house/warts.ts counts them. Many
// lines are run by one process of the sources (lines.ts), which is much faster than a process for each.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { BINARY, PASSPHRASE, Room } from './slow/room.ts'

// Each test starts dozens of processes; on a busy machine that takes its time.
setDefaultTimeout(120_000)

const room = new Room()
const inVault = (name: string): string => join(room.vault, name)
const here = (name: string): string => join(room.folder, name)
const LINES = join(import.meta.dir, 'modes', 'cli', 'lines.ts')

interface Ended {
  code: number
  out: string
  err: string
}

/** What each of these command lines ends with; one that waits for ever ends with NaN. */
async function ends(lines: readonly (readonly string[])[]): Promise<Ended[]> {
  const child = Bun.spawn([process.execPath, LINES, JSON.stringify(lines.map((words) => words.join(' ')))], {
    cwd: room.folder,
    env: { ...room.environment, TVAULT_PASSPHRASE: '', TVAULT_PASSPHRASE_FILE: here('pass'), TVAULT_NO_AGENT: '1' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: 100_000,
    killSignal: 'SIGKILL',
    detached: true,
  })
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()])
  const [outs, errs] = [out.split('\0'), err.split('\0')]
  return lines.map((_, at) => ({ out: outs[2 * at] ?? '', err: errs[2 * at] ?? '', code: Number(outs[2 * at + 1]) }))
}

/** Each line failed in order, with a word about it and nothing on standard output. */
function expectRefused(paths: readonly string[], ended: readonly Ended[]): void {
  for (const [at, { code, out, err }] of ended.entries()) {
    expect([paths[at], code > 0 && code < 128, out]).toEqual([paths[at], true, ''])
    expect(err).toMatch(/^Error: /m)
    expect(err).not.toContain(PASSPHRASE)
  }
}

afterAll(() => room.remove())

await room.init()
writeFileSync(here('pass'), `TVAULT_PASSPHRASE=${PASSPHRASE}\n`, { mode: 0o600 })
await room.must('set', 'A', 'value')
await room.must('projects', 'create', 'shop')
await room.must('set', 'A', 'value', '-p', 'shop')
await room.must('env', 'group', 'create', 'app', '--env', 'production=shop')
const { recipient } = JSON.parse((await room.must('identity', 'new', '--json')).out.toString()) as { recipient: string }
writeFileSync(here('.env'), 'A=value\nB=other\n')
await room.must('seal', '--recipient', recipient, '-o', 'sealed')
await room.must('seal', '--recipient', recipient, '--format', 'k8s', '--name', 'app', '-o', 'sealed.yaml')
writeFileSync(inVault('mcp-policy.yaml'), 'version: 1\n', { mode: 0o600 })

/** Every command that writes a file that is named, with the flags by which it replaces one. */
const WRITERS: Record<string, (target: string) => string[]> = {
  export: (target) => ['export', '-o', target, '--overwrite'],
  backup: (target) => ['backup', target, '--force'],
  seal: (target) => ['seal', '--recipient', recipient, '-o', target, '--overwrite', '--force'],
  'encrypt-env': (target) => ['encrypt-env', '.env', '--recipient', recipient, '-o', target, '--overwrite'],
  'env seal': (target) => ['env', 'seal', '--group', 'app', '--recipient', recipient, '-o', target, '--overwrite'],
  'decrypt-env': (target) => ['decrypt-env', 'sealed', '-o', target, '--overwrite'],
  open: (target) => ['open', 'sealed', '-o', target, '--overwrite'],
  'k8s render': (target) => ['k8s', 'render', 'sealed.yaml', '-o', target, '--overwrite'],
  'sync pull': (target) => ['sync', 'pull', '--path', target, '--force', '-y'],
  'ci init': (target) => ['ci', 'init', '--provider', 'gitlab', '--output', target],
}

/** What lies beside the vault and holds no rows: names, kinds and bytes. */
function beside(): unknown {
  return readdirSync(room.vault, { recursive: true, encoding: 'utf8' })
    .filter((name) => !['vault.db', 'vault.db-checked', 'vault.db-lock'].includes(name))
    .toSorted()
    .map((name) => [
      name,
      lstatSync(inVault(name)).mode,
      statSync(inVault(name)).isFile() && readFileSync(inVault(name), 'hex'),
    ])
}

describe('weak point D1, D2: nothing is written into the directory of the vault, under any name', () => {
  symlinkSync(room.vault, here('alias'))
  const targets = ['vault.db', 'mcp-policy.yaml', 'identities/default.key', 'fresh'].map(inVault)
  const paths = [...targets, here('alias/mcp-policy.yaml'), `${room.vault}/../vault/fresh`, 'vault/fresh']
  const now = () => [beside(), statSync(inVault('vault.db')).ino]
  let before: ReturnType<typeof now>
  let ended: Ended[]
  beforeAll(async () => {
    before = now()
    ended = await ends(Object.values(WRITERS).flatMap((words) => paths.map(words)))
  })

  test.each(Object.keys(WRITERS))('%s', (name) => {
    const at = Object.keys(WRITERS).indexOf(name) * paths.length
    expectRefused(paths, ended.slice(at, at + paths.length))
  })

  test('and all of it is as it was', async () => {
    expect(now()).toEqual(before)
    expect((await room.must('get', 'A')).out.toString()).toBe('value')
  })
})

describe('weak point D6: nothing is written through a link, into a pipe, a device or a folder', () => {
  const bad = ['link', 'dangling', 'pipe', 'folder', 'none/fresh']
  const at = (writer: string, name: string): string => join(here('targets'), writer.replace(' ', '-'), name)
  for (const writer of Object.keys(WRITERS)) {
    mkdirSync(at(writer, 'folder'), { recursive: true })
    writeFileSync(at(writer, 'behind'), 'of somebody\n', { mode: 0o644 })
    writeFileSync(at(writer, 'old'), 'A=old\n', { mode: 0o644 })
    symlinkSync('behind', at(writer, 'link'))
    symlinkSync('nothing', at(writer, 'dangling'))
    Bun.spawnSync(['mkfifo', at(writer, 'pipe')])
  }
  const pathsOf = (writer: string): string[] => ['/dev/full', ...[...bad, 'old'].map((name) => at(writer, name))]
  let ended: Ended[]
  beforeAll(async () => {
    ended = await ends(Object.entries(WRITERS).flatMap(([writer, words]) => pathsOf(writer).map(words)))
  })

  test.each(Object.keys(WRITERS))('%s; an old file gets mode 0600', (writer) => {
    const paths = pathsOf(writer)
    const own = ended.slice(Object.keys(WRITERS).indexOf(writer) * paths.length).slice(0, paths.length)
    expectRefused(paths, own.slice(0, -1))
    expect(readFileSync(at(writer, 'behind'), 'utf8')).toBe('of somebody\n')
    expect(readdirSync(at(writer, '')).toSorted()).toEqual(['behind', 'dangling', 'folder', 'link', 'old', 'pipe'])
    const replaced = own.at(-1)?.code === 0
    expect((statSync(at(writer, 'old')).mode & 0o777).toString(8)).toBe(replaced ? '600' : '644')
    expect(readFileSync(at(writer, 'old'), 'utf8') === 'A=old\n').toBe(!replaced)
  })
})

test('weak point D1: the variables of a CI job are not appended to the vault', async () => {
  for (const name of ['vault.db', 'identities/default.key']) {
    const before = readFileSync(inVault(name))
    const words = [BINARY, 'ci', 'export', '--provider', 'github-actions', '--in', '.env']
    const { code } = await room.exec(words, { env: { GITHUB_ENV: inVault(name) } })
    expect([name, code, readFileSync(inVault(name)).equals(before)]).toEqual([name, 1, true])
  }
})

/** Every command that reads a file that is named. */
const READERS: Record<string, (file: string) => string[]> = {
  import: (file) => ['import', file],
  'import --from': (file) => ['import', '--from', 'auto', file],
  'set --from-file': (file) => ['set', 'READ', '--from-file', file],
  'set --from-env': (file) => ['set', 'READ', '--from-env', file, '--key', 'A'],
  'get --from': (file) => ['get', 'A', '--from', file],
  diff: (file) => ['diff', file, '--exit-code'],
  'sync push': (file) => ['sync', 'push', '--path', file, '--overwrite'],
  'run --env-file': (file) => ['run', '--env-file', file, '--', 'true'],
  'encrypt-env': (file) => ['encrypt-env', file, '--recipient', recipient, '-o', '-', '--force'],
  'decrypt-env': (file) => ['decrypt-env', file],
  open: (file) => ['open', file],
  'k8s render': (file) => ['k8s', 'render', file],
  'ci export': (file) => ['ci', 'export', '--provider', 'gitlab', '--in', file],
  restore: (file) => ['restore', file, '-y'],
  migrate: (file) => ['migrate', file, '--to', here('moved'), '-y'],
}

describe('weak point A3, A4, defect 9: no pipe, folder, link, giant or file of the kernel is read, or waited for', () => {
  const folder = here('sources')
  mkdirSync(join(folder, '.env.folder'), { recursive: true })
  Bun.spawnSync(['mkfifo', join(folder, '.env.pipe')])
  symlinkSync('/proc/self/environ', join(folder, '.env.environ'))
  writeFileSync(join(folder, '.env.giant'), '')
  truncateSync(join(folder, '.env.giant'), 2 ** 30)
  const paths = [...readdirSync(folder).map((file) => join(folder, file)), '/proc/self/environ', '/dev/zero']
  let before: ReturnType<typeof beside>
  let ended: Ended[]
  beforeAll(async () => {
    before = beside()
    ended = await ends(Object.values(READERS).flatMap((words) => paths.map(words)))
  })

  test.each(Object.keys(READERS))('%s', (name) => {
    const at = Object.keys(READERS).indexOf(name) * paths.length
    expectRefused(paths, ended.slice(at, at + paths.length))
  })

  test('and nothing was stored or made', async () => {
    expect(beside()).toEqual(before)
    expect(existsSync(here('moved'))).toBeFalse()
    expect(JSON.parse((await room.must('list', '--json')).out.toString())).toEqual(['A'])
    expect((await room.must('get', 'A')).out.toString()).toBe('value')
  })
})

test('weak point D3: what shells are given runs nothing', async () => {
  const nasty = [
    '$(touch PWNED)',
    '`touch PWNED`',
    "';touch PWNED;'",
    '";touch PWNED;"',
    'a\ntouch PWNED\n',
    '-n',
    '~',
    '\\',
  ]
  await room.must('projects', 'create', 'nasty')
  for (const [at, value] of nasty.entries())
    expect((await room.exec([BINARY, 'set', `N${at}`, '--from-file', '-', '-p', 'nasty'], { stdin: value })).code).toBe(
      0,
    )
  for (const format of ['shell', 'dotenv']) {
    writeFileSync(here('text'), (await room.must('env', '-p', 'nasty', '--format', format)).out)
    const print = nasty.map((_, at) => `printf '%s\\0' "$N${at}"`).join('; ')
    for (const shell of ['sh', 'bash', 'dash'].filter((one) => Bun.which(one))) {
      const { code, out } = await room.exec([shell, '-c', `set -a; . ./text; ${print}`])
      expect([shell, format, code]).toEqual([shell, format, 0])
      // A dotenv file has one line for each value; --dialect posix is for shells.
      if (format === 'shell') expect(out.toString().split('\0').slice(0, -1)).toEqual(nasty)
    }
  }
  expect(existsSync(here('PWNED'))).toBeFalse()
})

test('defect 6: any bytes, and more than 16 MiB of them, come through the agent unchanged', async () => {
  const own = new Room()
  try {
    await own.init()
    const bytes = Buffer.from([0, 255, 254, 10, 13, 0xc3, 0x28])
    const big = Buffer.alloc(9_000_000, 'x')
    for (const [key, value] of [
      ['ODD', bytes],
      ['BIG_1', big],
      ['BIG_2', big],
    ] as const)
      expect((await own.exec([BINARY, 'set', key, '--from-file', '-'], { stdin: value })).code).toBe(0)
    await own.must('unlock')
    const env = { TVAULT_PASSPHRASE: '' }
    expect((await own.exec([BINARY, 'get', 'ODD'], { env })).out.equals(bytes)).toBeTrue()
    const all = await own.exec([BINARY, 'export', '--json'], { env })
    expect([all.code, all.err]).toEqual([0, ''])
    const { ODD, BIG_1, BIG_2 } = JSON.parse(all.out.toString()) as Record<string, unknown>
    expect([ODD, (BIG_1 as string).length, (BIG_2 as string).length]).toEqual([
      { value_base64: bytes.toString('base64'), encoding: 'base64' },
      big.length,
      big.length,
    ])
  } finally {
    await own.tvault('agent', 'stop')
    own.remove()
  }
})
