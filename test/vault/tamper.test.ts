// Whoever can write the file may break the vault, but never make it show a wrong value. Each record is changed in
// every byte, once as damage and once with its checksum made right again, as an attacker would.
import { describe, expect, test } from 'bun:test'
import { Failure } from '../../src/lib/errors.ts'
import { KDF_CEILING, KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { concat, u32, utf8 } from '../../src/lib/bytes.ts'
import { decodeHeader, encodeHeader } from '../../src/vault/header-record.ts'
import { frame, historyKey, secretKey, META } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { verifyStructure } from '../../src/vault/verify.ts'
import { failure } from '../failure.ts'
import { expectKind, get, made, passphrase, plant, put, rows } from './fixture.ts'
import type { RecordKind } from '../../src/vault/schema.ts'

const { store, view } = made()
view.createProject('web', 'the web shop')
put(view, 'ONE', 'first of one')
put(view, 'ONE', 'second of one')
put(view, 'ONE', 'third of one')
put(view, 'TWO', 'first of two')
put(view, 'ONE', 'one of web', 'web')
const [defaultId, webId] = view
  .projects()
  .map((project) => rows(store, 'projects').find((row) => Buffer.from(row.value).includes(project.name))!.key) as [
  Uint8Array,
  Uint8Array,
]

const TRUTH = [
  ['default', 'ONE', 1, 'first of one'],
  ['default', 'ONE', 2, 'second of one'],
  ['default', 'ONE', 3, 'third of one'],
  ['default', 'ONE', undefined, 'third of one'],
  ['default', 'TWO', undefined, 'first of two'],
  ['web', 'ONE', undefined, 'one of web'],
] as const

/** Reads everything; counts what failed with `corrupt` or `not_found`. Any other failure or a wrong value throws. */
function damage(): Record<string, number> {
  const found: Record<string, number> = { ok: 0, corrupt: 0, not_found: 0 }
  for (const [project, key, version, value] of TRUTH) {
    try {
      expect(get(view, key, version, project)).toBe(value)
      found['ok']!++
    } catch (error) {
      if (!(error instanceof Failure) || found[error.kind] === undefined) throw error
      found[error.kind]!++
    }
  }
  return found
}

/** Runs `look` with one row replaced, and puts the row back. */
function changed<T>(table: string, key: Uint8Array, value: Uint8Array | undefined, look: () => T): T {
  const all = ['meta', 'projects', 'secrets', 'history', 'audit'].map((name) => [name, rows(store, name)] as const)
  plant(store, table, key, value)
  try {
    return look()
  } finally {
    store.commit((writer) => {
      for (const [name, present] of all) {
        const extras = Array.from(writer.keys(name))
        for (const extra of extras) writer.delete(name, extra)
        for (const row of present) writer.put(name, row.key, row.value)
      }
    })
  }
}

const KINDS: Record<string, RecordKind> = { projects: 'project', secrets: 'secret', history: 'secret', audit: 'audit' }
const META_KINDS: Record<string, RecordKind> = { current: 'current', audit_key: 'audit key', audit_head: 'audit head' }

describe('every byte of every record', () => {
  const all = ['meta', 'projects', 'secrets', 'history', 'audit'].flatMap((table) =>
    rows(store, table).map((row) => ({ table, ...row })),
  )

  test('damage is found without the key', () => {
    let flips = 0
    for (const { table, key, value } of all) {
      for (let at = 0; at < value.length; at++) {
        const flipped = value.slice()
        flipped[at]! ^= 1 << (at % 8)
        changed(table, key, flipped, () => expectKind(() => verifyStructure(store), 'corrupt'))
        flips++
      }
    }
    expect(flips).toBeGreaterThan(1500)
  })

  test('damage never shows a wrong value', () => {
    for (const { table, key, value } of all) {
      if (table === 'audit') continue
      for (let at = 0; at < value.length; at++) {
        const flipped = value.slice()
        flipped[at]! ^= 0x80 >> (at % 8)
        const found = changed(table, key, flipped, damage)
        expect(found['not_found']).toBe(0)
        if (table !== 'meta') expect(found['corrupt']).toBeGreaterThan(0)
      }
    }
  })

  test('a change with the right checksum never shows a wrong value either', () => {
    for (const { table, key, value } of all) {
      const kind = table === 'meta' ? META_KINDS[Buffer.from(key).toString()] : KINDS[table]
      if (!kind) continue
      const place = table === 'history' ? key.subarray(0, -5) : key
      for (let at = 1; at < value.length - 4; at++) {
        const body = value.slice(1, -4)
        body[at - 1]! ^= 1 << (at % 8)
        changed(table, key, frame(kind, place, body), () => {
          const found = damage()
          if (table === 'secrets') expect(found['corrupt']).toBeGreaterThan(0)
          if (table === 'projects') expect(found['ok']).toBeLessThan(TRUTH.length)
          if (table === 'audit') expectKind(() => view.verifyAudit(), 'corrupt')
        })
      }
    }
  })

  test('a row key that changed is damage', () => {
    for (const { table, key, value } of all) {
      for (let at = 0; at < key.length; at++) {
        const moved = key.slice()
        moved[at]! ^= 1
        changed(table, key, undefined, () => {
          plant(store, table, moved, value)
          expectKind(() => verifyStructure(store), 'corrupt')
          damage()
        })
      }
    }
  })

  test('every shorter and one longer record is damage', () => {
    for (const { table, key, value } of all) {
      for (let size = 0; size < value.length; size += 7) {
        changed(table, key, value.slice(0, size), () => expectKind(() => verifyStructure(store), 'corrupt'))
      }
      changed(table, key, concat(value, Uint8Array.of(0)), () => expectKind(() => verifyStructure(store), 'corrupt'))
    }
  })
})

describe('defect 2: rows put where they do not belong', () => {
  const one = secretKey(defaultId, 'ONE')
  const two = secretKey(defaultId, 'TWO')
  const body = (table: string, key: Uint8Array) => store.get(table, key)!.slice(1, -4)

  test('the box of another key', () => {
    const planted = frame('secret', two, body('secrets', one))
    changed('secrets', two, planted, () => expectKind(() => get(view, 'TWO'), 'corrupt'))
  })

  test('the row of the same key in another project', () => {
    const web = secretKey(webId, 'ONE')
    const planted = frame('secret', web, body('secrets', one))
    changed('secrets', web, planted, () => expectKind(() => get(view, 'ONE', undefined, 'web'), 'corrupt'))
  })

  test('an older row replayed as the current one', () => {
    const old = store.get('history', historyKey(defaultId, 'ONE', 2))!
    changed('secrets', one, old, () => {
      for (const act of [
        () => get(view, 'ONE'),
        () => put(view, 'ONE', 'new'),
        () => view.rollback('default', 'ONE', 1),
        () => view.readMany('default', {}),
        () => view.readMany('default', { prefix: 'ON' }),
        () => view.readMany('default', { only: ['ONE'] }),
        () => verifyStructure(store),
        () => view.verifyAll(),
      ]) {
        expectKind(act, 'corrupt')
      }
    })
  })

  test('an archived row under another version number', () => {
    const old = store.get('history', historyKey(defaultId, 'ONE', 1))!
    changed('history', historyKey(defaultId, 'ONE', 2), old, () => expectKind(() => get(view, 'ONE', 2), 'corrupt'))
  })

  test('the key of another project', () => {
    const key = body('projects', defaultId).slice(-60)
    const web = body('projects', webId)
    const planted = frame('project', webId, concat(web.slice(0, -60), key))
    changed('projects', webId, planted, () => {
      expectKind(() => get(view, 'ONE', undefined, 'web'), 'corrupt')
      expectKind(() => put(view, 'ONE', 'new', 'web'), 'corrupt')
    })
  })

  test('the whole record of another project, with its rows', () => {
    const planted = frame('project', webId, body('projects', defaultId))
    changed('projects', webId, planted, () => {
      store.commit((writer) => {
        writer.delete('projects', defaultId)
        const web = secretKey(webId, 'ONE')
        writer.put('secrets', web, frame('secret', web, body('secrets', one)))
      })
      expectKind(() => get(view, 'ONE'), 'corrupt')
    })
  })

  test('two projects of one name, a secret of no project, history of no secret, an unknown row', () => {
    const other = defaultId.slice().reverse()
    const cases = [
      ['projects', other, frame('project', other, body('projects', defaultId))],
      ['secrets', secretKey(other, 'ONE'), frame('secret', secretKey(other, 'ONE'), body('secrets', one))],
      [
        'history',
        historyKey(defaultId, 'NONE', 1),
        frame('secret', secretKey(defaultId, 'NONE'), body('secrets', two)),
      ],
      ['meta', utf8('surprise'), utf8('row')],
    ] as const
    for (const [table, key, value] of cases) {
      changed(table, key, value, () => expectKind(() => verifyStructure(store), 'corrupt'))
    }
  })
})

describe('the header', () => {
  const record = store.get('meta', META.header)!
  const header = decodeHeader(record)
  const opened = () => {
    const vault = Vault.open(store)
    vault.unlock(passphrase())
    vault.lock()
  }

  test('opens as it was written', () => {
    opened()
    expect(encodeHeader(header)).toEqual(record)
  })

  test('missing, damaged, or of another format', () => {
    changed('meta', META.header, undefined, () => expectKind(opened, 'corrupt'))
    for (let at = 0; at < record.length; at++) {
      const flipped = record.slice()
      flipped[at]! ^= 4
      changed('meta', META.header, flipped, () => expectKind(opened, 'corrupt'))
    }
  })

  test('no changed field ever opens', () => {
    for (let at = 0; at < record.length - 5; at++) {
      const body = record.slice(1, -4)
      body[at]! ^= 1
      changed('meta', META.header, frame('header', META.header, body), () => {
        expect(['corrupt', 'wrong_passphrase']).toContain(failure(opened).kind)
        // Whoever is unlocked already goes on under no other header.
        expect(['corrupt', 'conflict']).toContain(failure(() => get(view, 'ONE')).kind)
      })
    }
  }, 60_000)

  test('parameters beyond floor and ceiling are refused before anything is derived', () => {
    for (const [at, value] of [
      [25, KDF_FLOOR.memoryKib - 1],
      [25, KDF_CEILING.memoryKib + 1],
      [29, KDF_FLOOR.passes - 1],
      [33, KDF_CEILING.lanes + 1],
    ] as const) {
      const body = record.slice(1, -4)
      body.set(u32(value), at)
      changed('meta', META.header, frame('header', META.header, body), () =>
        expectKind(() => Vault.open(store), 'corrupt'),
      )
    }
  })

  test('a wrong passphrase is told apart, also one that differs in a blank', () => {
    const vault = Vault.open(store)
    for (const words of ['', 'wrong', ' correct horse battery staple', 'correct horse battery staple\n']) {
      expectKind(() => vault.unlock(passphrase(words)), 'wrong_passphrase')
      expect(vault.unlocked).toBe(false)
    }
  })

  test('a damaged audit key is not a wrong passphrase', () => {
    const body = store.get('meta', META.auditKey)!.slice(1, -4)
    body[20]! ^= 1
    changed('meta', META.auditKey, frame('audit key', META.auditKey, body), () => expectKind(opened, 'corrupt'))
  })
})

test('nothing was left changed', () => {
  expect(damage()).toEqual({ ok: TRUTH.length, corrupt: 0, not_found: 0 })
  view.verifyAll()
  view.verifyAudit()
})
