// Go vaults read and moved over in process: names, versions, times to the nanosecond, groups, recipients, the audit
// log; what does not fit; what was deleted; and the attack that the Go file cannot withstand.
import { describe, expect, test } from 'bun:test'
import { Identity } from '../../src/crypto/recipient.ts'
import { queryAudit } from '../../src/vault/audit.ts'
import { allGroups } from '../../src/vault/group-rows.ts'
import { allProjects } from '../../src/vault/projects.ts'
import { decodeRecipients } from '../../src/vault/recipient-rows.ts'
import { toRfc3339 } from '../../src/lib/time.ts'
import type { Store } from '../../src/store/store.ts'
import { PLAIN, WEB as web, goFile, time, uuid } from './go-file.ts'
import type { GoSketch } from './go-file.ts'
import { contentOf, moveGo, readGo } from './go-moved.ts'

function audit(store: Store) {
  return store.snapshot((reader) => queryAudit(reader, { limit: 1000 }, () => true)).reverse()
}

describe('moves', () => {
  test('every version with its number and times', () => {
    const content = contentOf(moveGo(readGo(goFile(PLAIN))))
    expect(content.values).toEqual({
      'api/A@1': `other ${time(1)} ${time(1)}`,
      'web/A@1': `one ${time(1)} ${time(1)}`,
      'web/A@2': `two ${time(1)} ${time(2)}`,
      'web/A@3': `three ${time(1)} ${time(3)}`,
      'web/B_2@1': ` ${time(1)} ${time(1)}`,
      'web/BIN@1': `\u0000\u00c3\u00bf ${time(1)} ${time(1)}`,
    })
    expect(content.current).toBe('api')
  })

  test('projects under their ids, with description and times', () => {
    const [api, shop] = moveGo(readGo(goFile(PLAIN))).snapshot(allProjects)
    expect(shop?.id.toHex()).toBe(uuid(1).replaceAll('-', ''))
    expect([shop?.description, api?.description]).toEqual(['the shop', ''])
    expect([toRfc3339(shop?.createdAt ?? 0n), toRfc3339(shop?.updatedAt ?? 0n)]).toEqual([time(1), time(2)])
  })

  test('a vault of ten thousand versions, over many pages', () => {
    const values = Array.from({ length: 100 }, (_, i) => `value ${i}`)
    const secrets = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`KEY_${i}`, values]))
    const { plan, vault } = readGo(goFile({ projects: [{ ...web, secrets }] }))
    expect([plan.damages, plan.heads.size, plan.projects[0]?.versions]).toEqual([0, 100, 10_000])
    vault.wipe()
  })

  test('without a project, and without a current one', () => {
    const { plan } = readGo(goFile({ projects: [], current: 'gone' }))
    expect(plan.left).toEqual([{ what: 'setting', name: 'current project gone', why: 'there is no such project' }])
    expect(contentOf(moveGo(readGo(goFile({ projects: [] }))))).toEqual({ values: {}, current: undefined })
  })

  test('groups; inheritance of more than one step is said, a circle is left', () => {
    const projects = ['a', 'b', 'c', 'd'].map((name, index) => ({ name, id: uuid(index) }))
    const environments = projects.map(({ name }) => ({ name, project: name }))
    const twice = { name: 'f', project: 'a' }
    const inheritance = { a: { from: 'b' }, b: { from: 'c' }, c: { from: 'a' }, d: { from: 'd' } }
    const group = {
      name: 'g',
      description: 'x',
      created_at: '2026-11-25T19:36:43Z',
      updated_at: '2026-11-25T19:36:44Z',
    }
    const config = {
      'group:_index': ['g'],
      'group:g': { ...group, environments: [...environments, { name: 'e', project: 'gone' }, twice], inheritance },
    }
    const read = readGo(goFile({ projects, config }))
    expect(read.plan.damages).toBe(0)
    expect(read.plan.left.map(({ what, name }) => `${what} ${name}`)).toEqual([
      'environment e of group g',
      'environment f of group g',
      'inheritance c from a in group g',
      'inheritance d from d in group g',
      'inheritance a from b in group g is kept, and more',
    ])
    const [moved] = moveGo(read).snapshot(allGroups)
    expect(moved).toMatchObject({ name: 'g', description: 'x', createdAt: 1_795_635_403_000_000_000n })
    expect(moved?.environments.map(({ name, base }) => `${name} ${base ?? '-'}`)).toEqual(['a b', 'b c', 'c -', 'd -'])
  })

  test('a group that is called _index hides the others there, not here', () => {
    const group = (name: string) => ({
      name,
      created_at: time(1),
      updated_at: time(1),
      environments: [{ name: 'a', project: 'web' }],
    })
    const config = { 'group:_index': group('_index'), 'group:g': group('g') }
    const { plan } = readGo(goFile({ ...PLAIN, config }))
    expect([plan.damages, plan.groups.map(({ name }) => name)]).toEqual([0, ['_index', 'g']])
  })
})

describe('the audit log', () => {
  const rows = [
    { timestamp: '2026-11-25T19:36:46.19264119Z', action: 'b', resource_type: 'secret', resource_name: 'A' },
    { timestamp: '2026-11-25T19:36:46.192641195Z', action: 'c', resource_type: 'secret', resource_name: 'A' },
    { timestamp: '2026-11-25T19:36:46.19264111Z', action: 'a', resource_type: 'project', resource_name: 'web' },
    {
      timestamp: '2026-11-25T19:36:47Z',
      action: 'secret.exec',
      resource_type: 'command',
      resource_name: '/usr/bin/curl -H token:s3cret',
      metadata: { project: 'web', exit_code: 0, nested: { a: 1 }, none: null, keys: ['A', 'B'] },
    },
    { timestamp: '2100-01-01T00:00:00Z', action: 'late', resource_type: 'secret', resource_name: '' },
  ]
  const moved = audit(moveGo(readGo(goFile({ ...PLAIN, audit: rows }))))

  test('comes in the order of its times, marked as imported, before our own rows', () => {
    expect(moved.map(({ action }) => action)).toEqual(['a', 'b', 'c', 'secret.exec', 'late', 'vault.migrate'])
    expect(moved.slice(0, 5).every(({ principal }) => principal === 'imported')).toBeTrue()
    expect(toRfc3339(moved[1]?.timestamp ?? 0n)).toBe('2026-11-25T19:36:46.19264119Z')
  })

  test('keeps metadata, and of a command line the program and a hash', () => {
    const [exec] = moved.filter(({ action }) => action === 'secret.exec')
    expect(exec?.resourceName).toBe('curl')
    expect(exec?.metadata).toMatchObject({
      project: 'web',
      exit_code: 0,
      nested: '{"a":1}',
      none: 'null',
      keys: ['A', 'B'],
    })
    expect(exec?.metadata['command_sha256']).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(moved, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
      's3cret',
    )
  })

  test('a row of the future does not stop the clock', () => {
    const late = moved.find(({ action }) => action === 'late')
    expect(late?.metadata).toEqual({ imported_timestamp: '2100-01-01T00:00:00Z' })
    expect((moved.at(-1)?.timestamp ?? 0n) < 4_000_000_000_000_000_000n).toBeTrue()
  })
})

describe('what does not fit our rules', () => {
  test('gets a name that does, and is told', () => {
    const names = ['  pad  ', 'ctl\u001bname', 'pad', '  ', 'é'.repeat(80)]
    const { plan } = readGo(
      goFile({
        projects: [
          ...names.map((name, index) => ({ name, id: uuid(index) })),
          {
            ...web,
            id: uuid(9),
            description: 'two\nlines',
            secrets: { 'a-b': ['1'], 'a.b': ['2'], '9': ['3'], a_b: ['4'] },
          },
        ],
        current: '  pad  ',
      }),
    )
    expect(plan.damages).toBe(0)
    expect(plan.projects.map(({ name }) => name).toSorted()).toEqual(
      ['ctl_name', 'pad', 'pad (2)', 'unnamed', 'web', 'é'.repeat(50)].toSorted(),
    )
    expect(plan.current).toBe('pad (2)')
    expect([...plan.keys.values()].toSorted()).toEqual(['_9', 'a_b_2', 'a_b_3'])
    expect(plan.renamed).toContainEqual({ what: 'project', from: 'ctl\\u{1b}name', to: 'ctl_name' })
    expect(plan.renamed).toContainEqual({ what: 'description', from: 'two\\u{a}lines', to: 'two lines' })
    expect(plan.renamed.filter(({ what }) => what === 'secret')).toHaveLength(3)
  })

  test('and is moved under it', () => {
    const projects = [{ name: 'a\u202eb', id: uuid(1), secrets: { 'x y': ['old', 'new'] } }]
    const rows = [
      {
        timestamp: time(1),
        action: 'secret.write',
        resource_type: 'secret',
        resource_name: 'x y',
        metadata: { project: 'a\u202eb' },
      },
    ]
    const store = moveGo(readGo(goFile({ projects, audit: rows })))
    expect(Object.keys(contentOf(store).values)).toEqual(['a_b/x_y@1', 'a_b/x_y@2'])
    expect(audit(store)[0]?.metadata).toEqual({ project: 'a_b' })
  })
})

describe('deleted projects', () => {
  const sketch: GoSketch = {
    projects: [
      { ...web, secrets: { A: ['live'] } },
      { name: 'web', id: uuid(2), deleted: true, secrets: { A: ['gone', 'gone too'] } },
      { name: 'old', id: uuid(3), deleted: true, lostKey: true, secrets: { A: ['lost'] } },
    ],
  }

  test('stay behind, and are named', () => {
    const read = readGo(goFile(sketch))
    expect(read.plan.damages).toBe(0)
    expect(read.plan.left.map(({ name, why }) => `${name}: ${why}`)).toEqual([
      'old: it was deleted; --include-deleted moves it as well',
      'web: it was deleted; --include-deleted moves it as well',
    ])
    expect(Object.keys(contentOf(moveGo(read)).values)).toEqual(['web/A@1'])
  })

  test('come along on request, as far as their key opens', () => {
    const read = readGo(goFile(sketch), { includeDeleted: true })
    expect(read.plan.damages).toBe(0)
    expect(read.plan.left).toEqual([
      { what: 'project', name: 'old', why: 'it was deleted, and its key belongs to an earlier passphrase' },
    ])
    const { values } = contentOf(moveGo(read))
    expect(Object.keys(values)).toEqual(['web/A@1', 'web (deleted)/A@1', 'web (deleted)/A@2'])
  })
})

describe('recipients', () => {
  const [alice, mallory] = [Identity.generate().recipient, Identity.generate().recipient]
  const share = (action: string, text: string, second: number) => ({
    timestamp: time(second),
    action,
    resource_type: 'project',
    resource_name: 'web',
    metadata: { recipient: text },
  })
  const listed = (store: Store) =>
    store.snapshot((reader) =>
      Array.from(reader.range('recipients'), ({ key, value }) =>
        decodeRecipients(key, value).map(({ publicKey, sharedAt }) => `${publicKey.toHex()} ${toRfc3339(sharedAt)}`),
      ).flat(),
    )

  test('come along with the time of sharing', () => {
    const projects = [{ ...web, secrets: { A: ['x'] }, recipients: [alice, alice] }]
    const read = readGo(goFile({ projects, audit: [share('project.share', alice.text, 5)] }))
    expect([read.plan.damages, read.plan.left]).toEqual([0, []])
    expect(listed(moveGo(read))).toEqual([`${alice.publicKey.toHex()} ${time(5)}`])
  })

  // formats.md 10.1: whoever writes the Go file can put a public key of his own into the list.
  test('a key that was slipped into the file gets nothing', () => {
    const projects = [{ ...web, secrets: { A: ['x'] }, recipients: [mallory] }]
    const read = readGo(goFile({ projects, audit: [share('project.share', alice.text, 5)] }))
    expect(read.plan.left.map(({ name }) => name)).toEqual([`${mallory.text} of web`])
    expect(listed(moveGo(read))).toEqual([])
  })

  test('nor does one whose share was taken back', () => {
    const projects = [{ ...web, recipients: [alice] }]
    const rows = [share('project.share', alice.text, 5), share('project.unshare', alice.text, 6)]
    expect(readGo(goFile({ projects, audit: rows })).plan.left).toHaveLength(1)
  })

  test('keys that nobody or everybody can use are left', () => {
    const zero = { publicKey: new Uint8Array(32), text: '' }
    const high = { publicKey: alice.publicKey.slice(), text: '' }
    high.publicKey[31] = (high.publicKey[31] ?? 0) | 0x80
    const edit: GoSketch['edit'] = (tables) => {
      const [row] = tables['projects'] ?? []
      const wraps = [zero, high].map(({ publicKey }) => ({
        recipient: publicKey.toBase64(),
        stanza: new Uint8Array(93).toBase64(),
      }))
      if (row) row[1] = JSON.stringify({ ...JSON.parse(String(row[1])), recipient_wraps: wraps })
    }
    const { plan } = readGo(goFile({ projects: [web], edit }))
    expect([plan.damages, plan.left.length]).toEqual([0, 2])
  })
})
