// Damaged rows of a Go vault: each is named, nothing is moved, and what is whole can be saved (W33).
import { describe, expect, test } from 'bun:test'
import { Failure } from '../../src/lib/errors.ts'
import { PLAIN, goFile, time, uuid } from './go-file.ts'
import type { GoSketch } from './go-file.ts'
import { contentOf, moveGo, readGo } from './go-moved.ts'

describe('damage', () => {
  /** Replaces `from` by `to` in the first row of `table` that holds it. */
  const change =
    (table: string, from: string | RegExp, to: string): GoSketch['edit'] =>
    (tables) => {
      const row = tables[table]?.find(([key, value]) => `${String(key)} ${String(value)}`.search(from) >= 0)
      if (!row) throw new Error(`no row of ${table} holds ${from}`)
      if (String(row[1]).search(from) >= 0) row[1] = String(row[1]).replace(from, to)
      else row[0] = String(row[0]).replace(from, to)
    }

  const cases: [string, GoSketch['edit'], RegExp][] = [
    [
      'a value',
      change('secrets', /"encrypted_value":"..../, '"encrypted_value":"AAAA'),
      /secret A of project web, version 3, does not open/,
    ],
    [
      'an old value',
      change('secret_versions', /"encrypted_value":"..../, '"encrypted_value":"AAAA'),
      /version 1, does not open/,
    ],
    [
      'a project key',
      change('projects', /"encrypted_dek":"..../, '"encrypted_dek":"AAAA'),
      /the key of project web does not open/,
    ],
    ['base64', change('secrets', /"encrypted_value":"./, '"encrypted_value":"*'), /no valid encrypted_value/],
    ['a version', change('secrets', '"version":3', '"version":2'), /not older than the current/],
    ['a negative version', change('secrets', '"version":3', '"version":-3'), /no valid version/],
    ['a version in a name', change('secret_versions', '/0000000001', '/0000000009'), /lies as version 0000000009/],
    ['a key in a name', change('secret_versions', '/A/', '/C/'), /has no current version/],
    ['a time', change('secrets', '2026-11', '2026-13'), /no valid created_at/],
    ['a day', change('secrets', '11-25T', '02-30T'), /no valid created_at/],
    ['a name of a field', change('projects', '"name"', '"nane"'), /field nane/],
    ['a name of a project', change('projects', 'web', 'wev'), /do not agree/],
    ['an index', change('project_names', 'web', 'wfb'), /do not agree/],
    ['an id', change('projects', /"id":"0/, '"id":"1'), /lies under another id/],
    ['a missing table', (tables) => void delete tables['secret_versions'], /secret_versions is missing/],
    ['a table of another name', (tables) => void (tables['secretz'] = []), /unknown table secretz/],
    ['JSON', change('secrets', '{', '['), /is not readable/],
    ['JSON that is deep', change('secrets', /^.*$/s, '['.repeat(200_000)), /is not readable/],
    ['a project of nowhere', change('secrets', uuid(2), uuid(5)), /belongs to no project/],
    ['an audit time', change('audit', '"timestamp":"2026', '"timestamp":"2025'), /lies under another time/],
    ['the list of groups', change('_config', '["g"]', '["h"]'), /do not agree/],
  ]
  const sketch: GoSketch = {
    ...PLAIN,
    audit: [{ timestamp: time(1), action: 'a', resource_type: 'b' }],
    config: {
      'group:_index': '["g"]',
      'group:g': { name: 'g', created_at: time(1), updated_at: time(1), environments: [{ name: 'a', project: 'web' }] },
    },
  }
  const whole = contentOf(moveGo(readGo(goFile(sketch)))).values

  test.each(cases)('in %s stops, and what is whole can be saved', (_, edit, words) => {
    const read = readGo(goFile({ ...sketch, ...(edit && { edit }) }))
    expect(read.plan.damaged.join('\n')).toMatch(words)
    expect(() => moveGo(read)).toThrow(Failure)
    const { values } = contentOf(moveGo(read, { salvage: true }))
    const texts = new Set(Object.values(whole).map((value) => value.replace(/ \S+ \S+$/, '')))
    for (const value of Object.values(values)) expect(texts).toContain(value.replace(/ \S+ \S+$/, ''))
  })

  test('a lost current version gives its place to the one before', () => {
    const edit = change('secrets', /"encrypted_value":"..../, '"encrypted_value":"AAAA')
    const read = readGo(goFile({ ...sketch, edit: edit! }))
    const { values } = contentOf(moveGo(read, { salvage: true }))
    expect(Object.keys(values).filter((name) => name.startsWith('web/A'))).toEqual(['web/A@1', 'web/A@2'])
  })

  test('in the first row, or of a version that is not known, ends it', () => {
    const edit = (from: string, to: string) => () => readGo(goFile({ ...PLAIN, edit: change('_meta', from, to)! }))
    expect(edit('"version":1', '"version":2')).toThrow(/version 2/)
    expect(edit('"salt"', '"sart"')).toThrow(/has no salt/)
    expect(edit('vault_meta', 'vault_neta')).toThrow(/first row is missing/)
  })

  test('a wrong key is a wrong passphrase', () => {
    expect(() => readGo(goFile(PLAIN), { kek: new Uint8Array(32) })).toThrow(/passphrase does not open/)
  })

  test('without a key the structure is read', () => {
    const { plan } = readGo(goFile(sketch), { unlock: false })
    expect([plan.damages, plan.heads.size]).toEqual([0, 4])
  })
})
