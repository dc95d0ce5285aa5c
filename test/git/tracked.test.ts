// How git sees a file, in real repositories.
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trackingOf } from '../../src/git/tracked.ts'

const folder = mkdtempSync(join(tmpdir(), 'tvault-tracked-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const environment = { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1' }

function git(...words: string[]): void {
  const child = Bun.spawnSync(['git', ...words], { cwd: top, env: environment })
  if (child.exitCode !== 0) throw new Error(child.stderr.toString())
}

const top = join(folder, 'repository')
mkdirSync(join(top, 'inner', 'deep'), { recursive: true })
git('init', '--quiet')
writeFileSync(join(top, '.gitignore'), 'ignored.env\n')
for (const name of ['plain.env', 'inner/sealed.env', 'a:(b)*.env']) writeFileSync(join(top, name), 'A=1\n')
git('add', '--', ':(literal)plain.env', ':(literal)inner/sealed.env', ':(literal)a:(b)*.env')

describe('how git sees a file', () => {
  test('outside, ignored, untracked, tracked', () => {
    const at = (path: string) => trackingOf(path, environment)
    expect(at(join(folder, 'x.env'))).toBe('outside')
    expect(at(join(top, 'no', 'such', 'folder.env'))).toBe('outside')
    expect(at(join(top, 'ignored.env'))).toBe('ignored')
    expect(at(join(top, 'inner', 'deep', 'new.env'))).toBe('untracked')
    expect(at(join(top, 'plain.env'))).toBe('tracked')
    expect(at(join(top, 'a:(b)*.env'))).toBe('tracked')
    // A pattern would match the one above.
    expect(at(join(top, 'a:(b)x.env'))).toBe('untracked')
  })

  test('through a linked folder', () => {
    symlinkSync(join(top, 'inner'), join(folder, 'link'))
    expect(trackingOf(join(folder, 'link', 'sealed.env'), environment)).toBe('tracked')
  })

  test('sealed only when the attribute is there and the filter is set up', () => {
    const at = () => trackingOf(join(top, 'inner', 'sealed.env'), environment)
    writeFileSync(join(top, '.gitattributes'), 'inner/*.env filter=tvault\n')
    expect(at()).toBe('tracked')
    git('config', 'filter.tvault.clean', 'tvault git-clean %f')
    expect(at()).toBe('sealed')
    expect(trackingOf(join(top, 'plain.env'), environment)).toBe('tracked')
  })

  test('unknown when git cannot be asked, and nothing of the repository is run', () => {
    expect(trackingOf(join(top, 'plain.env'), { ...environment, PATH: '/nowhere' })).toBe('unknown')
    const broken = join(folder, 'broken')
    mkdirSync(join(broken, '.git'), { recursive: true })
    expect(trackingOf(join(broken, 'x.env'), environment)).toBe('unknown')
    git('config', 'core.fsmonitor', `touch ${join(folder, 'ran')}; false`)
    expect(trackingOf(join(top, 'plain.env'), environment)).toBe('tracked')
    expect(Bun.file(join(folder, 'ran')).size).toBe(0)
  })
})
