// The top of a git work tree, found without starting a program.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { workTree } from '../../src/lib/repository.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'tvault-tree-')))
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('is the nearest folder with a .git, which may be a file', () => {
  mkdirSync(join(root, 'outer', '.git'), { recursive: true })
  mkdirSync(join(root, 'outer', 'inner', 'deep'), { recursive: true })
  expect(workTree(join(root, 'outer', 'inner', 'deep'))).toBe(join(root, 'outer'))
  writeFileSync(join(root, 'outer', 'inner', '.git'), 'gitdir: elsewhere\n')
  expect(workTree(join(root, 'outer', 'inner', 'deep'))).toBe(join(root, 'outer', 'inner'))
  expect(workTree(join(root, 'outer'))).toBe(join(root, 'outer'))
})

test('a link called .git does not count, and outside of one there is none', () => {
  mkdirSync(join(root, 'plain', 'deep'), { recursive: true })
  symlinkSync(join(root, 'outer', '.git'), join(root, 'plain', '.git'))
  expect(workTree(join(root, 'plain', 'deep'))).toBeUndefined()
})

test('it agrees with git', () => {
  if (!Bun.which('git')) return
  const tree = join(root, 'real')
  mkdirSync(join(tree, 'a', 'b'), { recursive: true })
  Bun.spawnSync(['git', 'init', '-q', tree])
  const said = Bun.spawnSync(['git', 'rev-parse', '--show-toplevel'], { cwd: join(tree, 'a', 'b') })
  expect(workTree(join(tree, 'a', 'b'))).toBe(said.stdout.toString().trim())
})
