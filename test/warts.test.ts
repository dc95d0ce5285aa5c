// Warts of TinyVault 0.23 that show only when several programs meet in one vault, or when its bytes are damaged: by
// their numbers, on the compiled program. (The others are in the tests of their rooms; test/house/warts.ts counts them.)
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BINARY, PASSPHRASE, Room } from './slow/room.ts'

// Each test starts dozens of processes; on a busy machine that takes its time.
setDefaultTimeout(120_000)

const room = new Room()
beforeAll(() => room.init())
afterAll(() => room.remove())

const keys = (count: number): string => Array.from({ length: count }, (_, at) => `BULK_${at}=value ${at}\n`).join('')

test('W3: a backup that is made while somebody writes is whole, every time', async () => {
  await room.must('projects', 'create', 'bulk')
  writeFileSync(join(room.folder, '.env.bulk'), keys(4000))
  let importing = true
  const writer = room.must('import', '.env.bulk', '-p', 'bulk').finally(() => {
    importing = false
  })
  const backups: string[] = []
  do {
    backups.push(`backup-${backups.length}.db`)
    await room.must('backup', backups.at(-1)!)
  } while (importing)
  await writer
  for (const name of backups.slice(-3)) {
    const looked = await room.must('restore', name, '--dry-run', '--json')
    const { secrets, verified } = JSON.parse(looked.out.toString()) as Record<string, unknown>
    // One import is one step: all of it is in the copy, or nothing.
    expect([0, 4000]).toContain(secrets as number)
    expect(verified).toBe('values')
  }
})

test('W10: of readers and writers at the same time none is turned away, and nothing is lost', async () => {
  await room.must('set', 'STABLE', 'stays')
  const writers = Array.from({ length: 8 }, (_, at) => room.tvault('set', `CROWD_${at}`, `value ${at}`))
  const readers = Array.from({ length: 12 }, () => room.tvault('get', 'STABLE'))
  for (const { code, err } of await Promise.all(writers)) expect([code, err]).toEqual([0, err])
  for (const { code, out } of await Promise.all(readers)) expect([code, out.toString()]).toEqual([0, 'stays'])
  const stored = JSON.parse((await room.must('export', '--format', 'json')).out.toString()) as Record<string, string>
  for (let at = 0; at < 8; at++) expect(stored[`CROWD_${at}`]).toBe(`value ${at}`)
})

/** Runs `words` on a terminal, acts while it asks `question`, and answers with Ctrl-C. Returns its exit code. */
async function whileAsking(words: string[], env: Record<string, string>, question: string, act: () => Promise<void>) {
  let screen = ''
  const shown = Promise.withResolvers<void>()
  const child = Bun.spawn([BINARY, ...words], {
    cwd: room.folder,
    env: { ...room.environment, TERM: 'xterm', ...env },
    terminal: {
      cols: 100,
      rows: 30,
      data(_, bytes) {
        screen += Buffer.from(bytes).toString()
        if (screen.includes(question)) shown.resolve()
      },
    },
  })
  try {
    await Promise.race([shown.promise, child.exited])
    if (child.exitCode !== null) throw new Error(`it never asked; it showed ${screen}`)
    await act()
    child.terminal?.write('\u0003')
    return await child.exited
  } finally {
    child.kill('SIGKILL')
    child.terminal?.close()
  }
}

test.each([
  ['delete', ['delete', 'STABLE'], {}, 'STABLE'],
  ['restore', ['restore', 'backup-0.db'], {}, 'Restore from backup?'],
  ['key rotate', ['key', 'rotate'], {}, 'New passphrase: '],
  ['unlock', ['unlock', '--check'], { TVAULT_PASSPHRASE: '' }, 'passphrase: '],
] as const)('W10, defect 7: while %s asks a person, others read and write', async (_, words, env, question) => {
  const code = await whileAsking([...words], env, question, async () => {
    const late = { TVAULT_LOCK_TIMEOUT: '0' }
    const write = await room.exec([BINARY, 'set', 'MEANWHILE', words[0]], { env: late })
    expect([write.code, write.err]).toEqual([0, write.err])
    expect((await room.exec([BINARY, 'get', 'MEANWHILE'], { env: late })).out.toString()).toBe(words[0])
  })
  expect(code).toBe(130)
  await room.must('get', 'STABLE')
})

test('W10: an import from a pipe that nobody fills is refused at once, and holds nobody up', async () => {
  Bun.spawnSync(['mkfifo', join(room.folder, '.env.pipe')])
  const { code, err, late } = await room.tvault('import', '.env.pipe')
  expect([code, late, err]).toEqual([1, false, expect.stringContaining('not a regular file')])
})

test('W11, defect 9: a vault that somebody writes to is not called uninitialised', async () => {
  const holder = Bun.spawn(['flock', '-x', room.vault, 'sh', '-c', 'echo held; exec cat'], {
    stdin: 'pipe',
    stdout: 'pipe',
  })
  try {
    await holder.stdout.getReader().read()
    const status = JSON.parse((await room.must('status', '--json')).out.toString()) as Record<string, unknown>
    expect(status).toMatchObject({ initialized: true, state: 'ok' })
    expect((await room.must('list', '--names-only')).out.toString()).toContain('STABLE')
    const write = await room.exec([BINARY, 'set', 'A', 'x'], { env: { TVAULT_LOCK_TIMEOUT: '0' } })
    expect([write.code, write.err]).toEqual([7, expect.stringContaining('another process is writing')])
  } finally {
    holder.kill()
  }
})

test('W33: a damaged value is named, never shown wrong, and the others are still read', async () => {
  const own = new Room()
  try {
    await own.init()
    await own.must('set', 'WHOLE', 'as it was')
    await own.must('set', 'DAMAGED', 'as it was')
    const path = join(own.vault, 'vault.db')
    const sound = readFileSync(path)
    const outcomes: [damaged: number, whole: number, told: string][] = []
    for (let at = sound.indexOf('DAMAGED'); at >= 0; at = sound.indexOf('DAMAGED', at + 1)) {
      const bytes = Buffer.from(sound)
      // Behind the name is the record: its head and then the box.
      bytes[at + 'DAMAGED'.length + 40]! ^= 1
      writeFileSync(path, bytes)
      const [damaged, whole] = [await own.tvault('get', 'DAMAGED'), await own.tvault('get', 'WHOLE')]
      for (const { code, out } of [damaged, whole])
        expect([code, out.toString()]).toEqual(code === 0 ? [0, 'as it was'] : [9, ''])
      outcomes.push([damaged.code, whole.code, damaged.err])
    }
    expect(outcomes).toContainEqual([9, 0, expect.stringMatching(/^Error: .*DAMAGED/)])
    expect(outcomes.every(([, , told]) => !/passphrase|tvault init/.test(told))).toBeTrue()
  } finally {
    own.remove()
  }
})

test('W56: an import that is broken off leaves nothing of itself', async () => {
  const own = new Room()
  try {
    await own.init()
    writeFileSync(join(own.folder, '.env'), keys(10_000))
    const child = Bun.spawn([BINARY, 'import', '.env'], {
      cwd: own.folder,
      env: { ...own.environment, TVAULT_PASSPHRASE: PASSPHRASE },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    // It has opened the vault, and is at work.
    const opened = () => {
      try {
        return readFileSync(`/proc/${child.pid}/maps`, 'utf8').includes(join(own.vault, 'vault.db'))
      } catch {
        return false
      }
    }
    while (child.exitCode === null && existsSync(`/proc/${child.pid}`) && !opened()) await Bun.sleep(1)
    child.kill('SIGINT')
    await child.exited
    const stored = (await own.must('search', '--json', '--limit', '1')).out.toString()
    expect([0, 10_000]).toContain((JSON.parse(stored) as { total: number }).total)
    await own.must('audit', 'verify')
    await own.must('import', '.env')
  } finally {
    own.remove()
  }
})
