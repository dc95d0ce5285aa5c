// The guard beside hooks of others: it chains, it is written once, and it leaves nothing behind.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { guardState, installGuard, removeGuard } from '../../src/git/hook.ts'
import { Repository } from '../../src/git/repository.ts'
import { Scratch } from './scratch.ts'

let scratch: Scratch
let repository: Repository
beforeEach(() => {
  scratch = new Scratch()
  rmSync(scratch.path('.git/hooks'), { recursive: true })
  repository = Repository.at(scratch.top, scratch.environment)
  // What the hook asks, played: it refuses when there is a file `plain`, and tells that it was there.
  scratch.write('../bin/tvault', '#!/bin/sh\necho "guard $*" >&2\ntest ! -e plain\n', 0o755)
  scratch.environment['PATH'] = `${join(scratch.folder, 'bin')}:${scratch.environment['PATH']}`
})
afterEach(() => scratch.remove())

const HOOK = '.git/hooks/pre-commit'
const commit = () => scratch.tryGit(['commit', '--allow-empty', '-m', 'x'])

test('without another hook: installed, asked, idempotent, and gone again', () => {
  expect(guardState(repository)).toBe('absent')
  expect(installGuard(repository)).toBe('active')
  const written = readFileSync(scratch.path(HOOK), 'utf8')
  expect(installGuard(repository)).toBe('active')
  expect(readFileSync(scratch.path(HOOK), 'utf8')).toBe(written)
  expect(commit()).toMatchObject({ code: 0, err: 'guard git-filter check --staged\n' })
  scratch.write('plain', '')
  expect(commit().code).not.toBe(0)
  expect(removeGuard(repository)).toBe('absent')
  expect(readdirSync(scratch.path('.git/hooks'))).toEqual([])
  expect(removeGuard(repository)).toBe('absent')
})

test('a hook that is there runs first, decides too, and comes back as it was', () => {
  const theirs = '#!/bin/sh\necho theirs >&2\ntest ! -e no\n'
  scratch.write(HOOK, theirs, 0o755)
  expect(installGuard(repository)).toBe('active')
  expect(installGuard(repository)).toBe('active')
  expect(commit()).toMatchObject({ code: 0, err: 'theirs\nguard git-filter check --staged\n' })
  scratch.write('no', '')
  expect(commit()).toMatchObject({ code: 1, err: 'theirs\n' })
  expect(removeGuard(repository)).toBe('absent')
  expect(readFileSync(scratch.path(HOOK), 'utf8')).toBe(theirs)
  expect(statSync(scratch.path(HOOK)).mode & 0o777).toBe(0o755)
  expect(readdirSync(scratch.path('.git/hooks'))).toEqual(['pre-commit'])
})

test('a hook that is a link stays one', () => {
  scratch.write('tools/hook', '#!/bin/sh\necho linked >&2\n', 0o755)
  scratch.write('.git/hooks/keep', '')
  symlinkSync('../../tools/hook', scratch.path(HOOK))
  expect(installGuard(repository)).toBe('active')
  expect(commit().err).toBe('linked\nguard git-filter check --staged\n')
  expect(readFileSync(scratch.path('tools/hook'), 'utf8')).toBe('#!/bin/sh\necho linked >&2\n')
  removeGuard(repository)
  expect(commit().err).toBe('linked\n')
})

test('a hook that asks us already counts, and is not touched', () => {
  const theirs = '#!/bin/sh\nmake lint && exec tvault git-filter check --staged\n'
  scratch.write(HOOK, theirs, 0o755)
  expect(guardState(repository)).toBe('active')
  expect(installGuard(repository)).toBe('active')
  expect(removeGuard(repository)).toBe('active')
  expect(readFileSync(scratch.path(HOOK), 'utf8')).toBe(theirs)
})

test('somebody wrote a hook over the guard: neither that one nor the one kept before is lost', () => {
  scratch.write(HOOK, 'first', 0o755)
  installGuard(repository)
  scratch.write(HOOK, 'second', 0o755)
  expect(installGuard(repository)).toBe('absent')
  expect(removeGuard(repository)).toBe('absent')
  expect(readFileSync(scratch.path(HOOK), 'utf8')).toBe('second')
  expect(readFileSync(scratch.path(`${HOOK}.before-tvault`), 'utf8')).toBe('first')
})

test('a folder of hooks that the configuration names is left to its owner', () => {
  scratch.git('config', 'core.hooksPath', join(scratch.folder, 'shared'))
  expect(installGuard(repository)).toBe('elsewhere')
  expect(guardState(repository)).toBe('elsewhere')
  expect(removeGuard(repository)).toBe('elsewhere')
  expect(existsSync(join(scratch.folder, 'shared'))).toBeFalse()
  expect(existsSync(scratch.path(HOOK))).toBeFalse()
})

test('without tvault on PATH the commit is refused: nobody looked', () => {
  installGuard(repository)
  rmSync(join(scratch.folder, 'bin', 'tvault'))
  expect(commit()).toMatchObject({ code: 1, err: expect.stringContaining('tvault is not on PATH') })
})

test('a linked work tree has the guard of its repository', () => {
  commit()
  scratch.git('worktree', 'add', '--quiet', join(scratch.folder, 'second'))
  const second = Repository.at(join(scratch.folder, 'second'), scratch.environment)
  expect(installGuard(second)).toBe('active')
  expect(guardState(repository)).toBe('active')
  expect(existsSync(scratch.path(HOOK))).toBeTrue()
})
