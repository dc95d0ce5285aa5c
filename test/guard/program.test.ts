// Finding a program, and its two ways of failing.
import { afterAll, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../../src/guard/program.ts'
import { toFailure } from '../../src/lib/errors.ts'

const root = mkdtempSync(join(tmpdir(), 'program-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const [one, two] = [join(root, 'one'), join(root, 'two')]
mkdirSync(join(one, 'folder'), { recursive: true })
mkdirSync(two)
writeFileSync(join(one, 'plain'), '')
writeFileSync(join(two, 'plain'), '')
writeFileSync(join(two, 'tool'), '')
writeFileSync(join(one, 'only-plain'), '')
for (const path of [join(two, 'plain'), join(two, 'tool')]) chmodSync(path, 0o700)

function kind(name: string, path: string | undefined): string {
  try {
    return findProgram(name, path)
  } catch (error) {
    return toFailure(error).kind
  }
}

test('takes the first executable file along PATH', () => {
  expect(kind('tool', `${one}:${two}`)).toBe(join(two, 'tool'))
  expect(kind('plain', `${one}:${two}`)).toBe(join(two, 'plain'))
  expect(kind(join(two, 'tool'), '')).toBe(join(two, 'tool'))
  expect(kind('sh', undefined)).toMatch(/\/sh$/)
})

test('what is not there is 127, what may not run is 126', () => {
  expect(kind('nothing', `${one}:${two}`)).toBe('command_not_found')
  expect(kind('', two)).toBe('command_not_found')
  expect(kind('only-plain', one)).toBe('cannot_execute')
  expect(kind('folder', one)).toBe('cannot_execute')
  expect(kind(join(one, 'only-plain'), two)).toBe('cannot_execute')
})

test('a relative or empty part of PATH does not make the current folder a place for programs', () => {
  const inside = join(root, 'tool-here')
  writeFileSync(inside, '')
  chmodSync(inside, 0o700)
  const before = process.cwd()
  process.chdir(root)
  try {
    for (const path of ['', '.', ':', 'two', '::./']) expect(kind('tool-here', path)).toBe('command_not_found')
    expect(kind('./tool-here', '')).toBe('./tool-here')
  } finally {
    process.chdir(before)
  }
})
