// The README says that its five minutes work as they stand. So they are run as they stand, under `sh -e`, with an
// empty home and the compiled program.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = join(import.meta.dir, '..')
const folder = mkdtempSync(join(tmpdir(), 'tvault-readme-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The first block of shell lines under a heading. */
function shellUnder(heading: string): string {
  const section = readFileSync(join(root, 'README.md'), 'utf8').split(`\n## ${heading}\n`)[1]
  return /```sh\n([^]*?)```/.exec(section ?? '')?.[1] ?? ''
}

test('the five minutes of the README work line by line', async () => {
  const lines = shellUnder('Five minutes')
  expect(lines.split('\n').filter((line) => /\btvault /.test(line)).length).toBeGreaterThan(10)
  for (const part of ['home', 'tmp', 'place', 'place/dist']) mkdirSync(join(folder, part), { mode: 0o700 })
  symlinkSync(
    resolve(process.env['TVAULT_BIN'] ?? join(root, 'dist', 'tvault')),
    join(folder, 'place', 'dist', 'tvault'),
  )
  const child = Bun.spawn(['sh', '-e', '-c', lines], {
    cwd: join(folder, 'place'),
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp') },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  expect([code, err]).toEqual([0, err])
  expect(out).toContain('the program sees k-123')
  expect(out).toContain('and this one: nothing')
  expect(err).not.toContain('Error:')
  // Nothing is left behind where it was not asked for.
  expect(readdirSync(join(folder, 'home'))).toEqual([])
  expect(readdirSync(join(folder, 'tmp'))).toEqual([])
}, 60_000)
