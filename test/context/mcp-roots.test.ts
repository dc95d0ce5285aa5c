import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { narrowed } from '../../src/context/mcp-roots.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tvault-roots-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
for (const name of ['a', 'a/b', 'ab', 'c']) mkdirSync(join(folder, name))
symlinkSync('/', join(folder, 'a', 'everything'))
const at = (name: string) => join(folder, name)
const uri = (name: string) => pathToFileURL(at(name)).href

test('a client narrows what the owner allows, and never widens it', () => {
  const owned = [at('a'), at('c')]
  expect(narrowed(owned, [uri('a/b')])).toEqual([at('a/b')])
  expect(narrowed(owned, [pathToFileURL(folder).href])).toEqual(owned)
  expect(narrowed(owned, ['file:///'])).toEqual(owned)
  expect(narrowed(owned, [uri('ab')])).toEqual([])
  expect(narrowed(owned, [uri('a/everything')])).toEqual(owned)
  expect(narrowed([at('a/b')], [uri('a/everything'), uri('c')])).toEqual([at('a/b')])
  expect(narrowed(owned, ['https://example.com/a', uri('nope'), 'nonsense', ''])).toEqual([])
  expect(narrowed(owned, [])).toEqual([])
})
