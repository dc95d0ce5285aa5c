// Turns: as many processes as processors, the rest waits, and nothing that goes wrong elsewhere makes it wait for ever.
import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { lockByte } from '../../src/lib/native.ts'
import { TURNS_AT, endTurn, takeTurn } from '../../src/store/turns.ts'

const folder = mkdtempSync(join(tmpdir(), 'tvault-turns-'))
const path = join(folder, 'vault.db')
const source = (file: string): string => JSON.stringify(resolve(import.meta.dir, '../../src', file))
const children: Bun.Subprocess[] = []

afterEach(async () => {
  endTurn()
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
    await child.exited
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A process that has every turn but `free`, and then does what `next` says. Comes back when it has them. */
async function taker(next: string, free = 0): Promise<void> {
  writeFileSync(path, 'x', { flag: 'a' })
  const program = `
    const { openSync, utimesSync, writeFileSync } = require('node:fs')
    const { lockByte } = await import(${source('lib/native.ts')})
    const { TURNS_AT, turns } = await import(${source('store/turns.ts')})
    const path = ${JSON.stringify(path)}
    for (let at = ${free}; at < turns(); at++)
      if (lockByte(openSync(path, 'r+'), TURNS_AT + BigInt(at)) !== true) throw new Error('not to be had')
    console.log('taken')
    ${next}`
  const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe', stderr: 'inherit' })
  children.push(child)
  const { value } = await child.stdout.getReader().read()
  expect(Buffer.from(value ?? []).toString()).toBe('taken\n')
}

const timed = (act: () => void): number => {
  const began = performance.now()
  act()
  return performance.now() - began
}

describe.if(process.platform === 'linux')('a turn', () => {
  test('is waited for until somebody gives one back', async () => {
    const gone = join(folder, 'gone')
    await taker(`await Bun.sleep(300); writeFileSync(${JSON.stringify(gone)}, ''); process.exit()`)
    takeTurn(path, 60_000)
    expect(existsSync(gone)).toBe(true)
  })

  test('is free again when who had it was killed', async () => {
    await taker(`setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200); await Bun.sleep(60_000)`)
    expect(timed(() => takeTurn(path, 60_000))).toBeLessThan(30_000)
  })

  test('is had at once when one is left, and by one process only', async () => {
    await taker('await Bun.sleep(60_000)', 1)
    expect(timed(() => takeTurn(path, 60_000))).toBeLessThan(5000)
    const other = Bun.spawnSync([
      process.execPath,
      '-e',
      `(await import(${source('store/turns.ts')})).takeTurn(${JSON.stringify(path)}, 0)
      console.log((await import(${source('lib/load.ts')})).runnableThreads())`,
    ])
    // It saw a crowd, and goes ahead alone.
    expect(other.stdout.toString()).toBe('Infinity\n')
  })

  test('is not kept by a process that waits for something else', async () => {
    await taker('await Bun.sleep(60_000)', 1)
    takeTurn(path)
    const other = openSync(path, 'r+')
    expect(lockByte(other, TURNS_AT)).toBe(false)
    while (lockByte(other, TURNS_AT) !== true) await Bun.sleep(20)
    closeSync(other)
  })

  test('is not waited for when those who have them do nothing', async () => {
    await taker('await Bun.sleep(60_000)')
    const waited = timed(() => takeTurn(path, 200))
    expect(waited).toBeGreaterThanOrEqual(200)
    expect(waited).toBeLessThan(30_000)
  })

  test('is waited for as long as somebody uses the vault', async () => {
    const last = join(folder, 'last')
    await taker(`for (let at = 1; at <= 8; at++) { await Bun.sleep(100); utimesSync(path, at, at) }
      writeFileSync(${JSON.stringify(last)}, ''); await Bun.sleep(60_000)`)
    takeTurn(path, 400)
    expect(existsSync(last)).toBe(true)
  })

  test('changes nothing in the file, and a file that is not there, is no file or may not be written needs none', () => {
    writeFileSync(path, 'content')
    utimesSync(path, 5, 5)
    takeTurn(path)
    endTurn()
    expect(readFileSync(path, 'utf8')).toBe('content')
    for (const odd of [join(folder, 'nothing'), folder, '/dev/null/x'])
      expect(timed(() => takeTurn(odd))).toBeLessThan(5000)
  })
})
