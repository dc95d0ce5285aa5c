// Streams read to their end or by the line, with an end to what is taken.
import { afterAll, expect, test } from 'bun:test'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readLine, readToEnd } from '../../src/lib/stdin.ts'

const root = mkdtempSync(join(tmpdir(), 'stdin-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function reading<T>(content: Uint8Array | string, use: (fd: number) => T): T {
  const path = join(root, 'content')
  writeFileSync(path, content)
  const fd = openSync(path, 'r')
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

test.each([0, 1, 65_535, 65_536, 65_537, 300_000])('%p bytes come back identical', (size) => {
  const content = Uint8Array.from({ length: size }, (_, i) => (i * 7) % 256)
  expect(reading(content, (fd) => readToEnd(fd, size).reveal())).toEqual(content)
  if (size > 0) expect(() => reading(content, (fd) => readToEnd(fd, size - 1))).toThrow(`limit of ${size - 1} bytes`)
})

test('a pipe that is written slowly is waited for', async () => {
  const program = `import { readToEnd } from '${join(import.meta.dir, '../../src/lib/stdin.ts')}'
    console.log(readToEnd(0, 100).size)`
  const child = Bun.spawn([process.execPath, '-e', program], { stdin: 'pipe', stdout: 'pipe' })
  void child.stdin.write('abc')
  await child.stdin.flush()
  void child.stdin.write('def')
  await child.stdin.end()
  expect(await child.stdout.text()).toBe('6\n')
})

test('lines are read one at a time, and nothing behind them is swallowed', () => {
  reading('one\ntwo\n\nlast', (fd) => {
    expect([readLine(fd), readLine(fd), readLine(fd), readLine(fd), readLine(fd)]).toEqual([
      'one',
      'two',
      '',
      'last',
      '',
    ])
  })
})
