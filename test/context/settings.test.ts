// The table of settings is complete, and working out the globals asks for nothing that is not needed.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isInheritable } from '../../src/guard/environment.ts'
import { SETTINGS, resolveGlobals } from '../../src/settings.ts'

const SOURCE = join(import.meta.dir, '../../src')

test('every variable of ours that the source reads is in the table', () => {
  const known = new Set(SETTINGS.map(({ name }) => name))
  // Replaced at build time; and names of the peer that are only taken away from children.
  for (const name of ['COMMIT', 'BUILD_PLATFORM', 'RELEASE_URL', 'RELEASE_KEY']) known.add(`TVAULT_${name}`)
  const read = new Set<string>()
  for (const file of new Bun.Glob('**/*.ts').scanSync(SOURCE)) {
    for (const [, name] of readFileSync(join(SOURCE, file), 'utf8').matchAll(
      /(?:environment|env)\['(TVAULT_\w+)'\]/g,
    )) {
      read.add(name ?? '')
    }
  }
  expect(read.size).toBeGreaterThan(2)
  expect([...read].filter((name) => !known.has(name))).toEqual([])
})

test('what the table says about children is what children get', () => {
  for (const { name, kind, toChild, secret } of SETTINGS) {
    if (kind === 'variable') expect([name, isInheritable(name, false)]).toEqual([name, toChild])
    if (secret) expect(toChild).toBeFalse()
  }
})

test('empty flags count as not given', () => {
  const globals = resolveGlobals({ vault: '', project: '' }, { HOME: '/h' })
  expect([globals.directory, globals.project, globals.json, globals.verbose]).toEqual([
    '/h/.tvault',
    undefined,
    false,
    false,
  ])
})

test('without a home only asking for the directory fails', () => {
  const globals = resolveGlobals({}, {})
  expect(globals.json).toBeFalse()
  expect(() => globals.directory).toThrow('HOME is not set')
})
