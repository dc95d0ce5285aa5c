import { describe, expect, test } from 'bun:test'
import { u64 } from '../../src/lib/bytes.ts'
import { META, decodeAudit, decodeAuditHead, encodeAudit, encodeAuditHead } from '../../src/vault/schema.ts'
import { MAX_LISTED_NAMES, decodeEntry } from '../../src/vault/audit.ts'
import { Vault } from '../../src/vault/vault.ts'
import { failure, failureOf } from '../failure.ts'
import { expectKind, get, made, memory, owner, passphrase, plant, put, rows, secret } from './fixture.ts'
import type { Store } from '../../src/store/store.ts'
import type { View } from '../../src/vault/view.ts'

function busy(): { store: Store; view: View; vault: Vault } {
  const all = made()
  put(all.view, 'ONE', 'value-one')
  put(all.view, 'TWO', 'value-two')
  get(all.view, 'ONE')
  all.view.settle('ok')
  return all
}

function brief(view: View, limit = 100): string[] {
  return view
    .audit({ limit })
    .map((e) => `${e.sequence} ${e.action} ${e.resourceType} ${e.resourceName} ${e.phase} ${e.result}`.trim())
}

describe('what is written', () => {
  test('creation, writes, and a read as intent and outcome', () => {
    const { view } = busy()
    expect(brief(view)).toEqual([
      '6 secret.read secret ONE outcome ok',
      '5 secret.read secret ONE intent',
      '4 secret.write secret TWO done ok',
      '3 secret.write secret ONE done ok',
      '2 project.create project default done ok',
      '1 vault.create vault vault done ok',
    ])
    const [outcome] = view.audit({ limit: 1 })
    expect(outcome!.metadata).toEqual({ intent: 5, project: 'default' })
    expect([outcome!.principal, outcome!.command]).toEqual(['owner', 'get'])
  })

  test('the intent is on disk before the value is opened', () => {
    const { store, view } = made()
    put(view, 'ONE', 'v')
    const [row] = rows(store, 'secrets')
    const record = row!.value.slice()
    const before = view.audit({ limit: 100 }).length
    const commit = store.commit.bind(store)
    let refusing = true
    store.commit = (change) => {
      if (refusing) throw new Error('no space')
      return commit(change)
    }
    expect(() => view.read('default', 'ONE')).toThrow('no space')
    refusing = false
    expect(view.audit({ limit: 100 }).length).toBe(before)
    expect(rows(store, 'secrets')[0]!.value).toEqual(record)
    get(view, 'ONE')
    expect(view.audit({ limit: 1 })[0]!.phase).toBe('intent')
  })

  test('a read that fails leaves its intent, and the failure as its outcome', () => {
    const { view } = made()
    put(view, 'ONE', 'v')
    view.read('default', 'ONE').wipe()
    view.readMany('default', {}).entries.forEach(({ value }) => value.wipe())
    view.settle('failed')
    view.settle('ok')
    expect(brief(view, 4)).toEqual([
      '7 secret.read project default outcome failed',
      '6 secret.read secret ONE outcome failed',
      '5 secret.read project default intent',
      '4 secret.read secret ONE intent',
    ])
  })

  test('bulk acts name their keys, at most fifty', () => {
    const { view } = made()
    const entries = Array.from({ length: 60 }, (_, i) => ({
      key: `KEY_${String(i).padStart(2, '0')}`,
      value: secret('v'),
    }))
    view.writeMany('default', entries, { overwrite: true })
    view.writeMany('default', entries.slice(0, 2), { overwrite: true })
    view.readMany('default', { only: ['KEY_03'] })
    view.readMany('default', { only: ['NOPE'] })
    view.compareMany('default', entries.slice(0, 1))
    const [compared, selected, same, bulk] = view.audit({ limit: 4 }).map((entry) => entry.metadata)
    expect(bulk).toMatchObject({ bulk: true, count: 60, created: 60, updated: 0, unchanged: 0, skipped: 0 })
    expect((bulk!['keys'] as string[]).length).toBe(MAX_LISTED_NAMES)
    expect(same).toMatchObject({ count: 2, created: 0, unchanged: 2, keys: [] })
    expect(selected).toEqual({ bulk: true, count: 1, selected: true, keys: ['KEY_03'] })
    expect(compared).toEqual({ bulk: true, source: 'diff', count: 1, keys: ['KEY_00'] })
  })

  test('commands have the names the peer gave them', async () => {
    const { vault, view } = made()
    vault.view(owner('write', 'generate')).write('default', 'GEN', secret('v'))
    const imported = vault.view(owner('write', 'import'))
    imported.writeMany('default', [{ key: 'IMP', value: secret('v') }], { overwrite: true })
    view.rollback('default', 'GEN', 1)
    view.read('default', 'GEN', { version: 1 }).wipe()
    await view.delete('default', ['GEN', 'IMP'])
    view.createProject('web', '')
    await view.deleteProject('web')
    await view.rotate(passphrase('another one'))
    expect(view.audit({ limit: 9 }).map((e) => `${e.action} ${e.resourceType} ${e.resourceName}`)).toEqual([
      'key.rotate vault vault',
      'project.delete project web',
      'project.create project web',
      'secret.delete secret IMP',
      'secret.delete secret GEN',
      'secret.read secret GEN',
      'secret.rollback secret GEN',
      'env.import project default',
      'secret.generate secret GEN',
    ])
    expect(view.audit({ limit: 1, action: 'secret.rollback' })[0]!.metadata).toEqual({
      project: 'default',
      from_version: 1,
      new_version: 2,
    })
    expect(view.audit({ limit: 1, action: 'secret.read' })[0]!.metadata).toEqual({
      project: 'default',
      source: 'version',
      version: 1,
    })
  })

  test('no row holds a value', () => {
    const { store } = busy()
    for (const { value } of rows(store, 'audit')) expect(Buffer.from(value).includes('value-')).toBe(false)
  })

  test('filters', () => {
    const { view } = busy()
    view.createProject('web', '')
    put(view, 'ONE', 'v', 'web')
    expect(view.audit({ limit: 100, project: 'web' }).map((entry) => entry.action)).toEqual([
      'secret.write',
      'project.create',
    ])
    expect(view.audit({ limit: 100, resourceType: 'vault' }).length).toBe(1)
    expect(view.audit({ limit: 2, action: 'secret.write' }).map((entry) => entry.sequence)).toEqual([8, 4])
    const { timestamp } = view.audit({ limit: 1 })[0]!
    expect(view.audit({ limit: 100, since: timestamp + 1n })).toEqual([])
    expect(view.audit({ limit: 100, until: timestamp }).length).toBe(8)
    expect(view.audit({ limit: 100, until: 0n })).toEqual([])
  })
})

describe('the chain', () => {
  test('holds, also after a rotation and a reopening', async () => {
    const { store, view } = busy()
    const { rows: length, head } = view.verifyAudit()
    expect([length, head.startsWith('6:')]).toEqual([6, true])
    put(view, 'ONE', 'more')
    expect(view.verifyAudit(head).rows).toBe(7)
    await view.rotate(passphrase('another one'))
    const again = Vault.open(store)
    again.unlock(passphrase('another one'))
    expect(again.view(owner()).verifyAudit(head).rows).toBe(8)
  })

  test('an edited row', () => {
    for (const edit of ['action', 'time', 'mac']) {
      const { store, view } = busy()
      const { key, value } = rows(store, 'audit')[2]!
      const row = decodeAudit(key, value)
      const content = row.content.slice()
      if (edit === 'action') content.set(new TextEncoder().encode('secret.wrote'), content.indexOf(115, 9))
      if (edit === 'time') content[7]! ^= 1
      const mac = row.mac.slice()
      if (edit === 'mac') mac[0]! ^= 1
      plant(store, 'audit', key, encodeAudit(key, { mac, content }))
      expect(failure(() => view.verifyAudit()).message).toStartWith('audit row 3 was changed')
    }
  })

  test('a deleted row, in the middle and at the start', () => {
    for (const [index, message] of [
      [0, 'audit row 1 is missing'],
      [3, 'audit row 4 is missing'],
    ] as const) {
      const { store, view } = busy()
      plant(store, 'audit', rows(store, 'audit')[index]!.key, undefined)
      expect(failure(() => view.verifyAudit()).message).toBe(message)
    }
  })

  test('a gap that was closed by moving the later rows up', () => {
    const { store, view } = busy()
    const all = rows(store, 'audit')
    for (const [i, { value }] of all.entries()) {
      if (i < 3) continue
      const place = u64(BigInt(i))
      plant(store, 'audit', place, encodeAudit(place, decodeAudit(u64(BigInt(i + 1)), value)))
    }
    plant(store, 'audit', all[5]!.key, undefined)
    expect(failure(() => view.verifyAudit()).message).toStartWith('audit row 3 was changed')
  })

  test('two rows that changed places', () => {
    const { store, view } = busy()
    const [, , third, fourth] = rows(store, 'audit')
    plant(store, 'audit', third!.key, encodeAudit(third!.key, decodeAudit(fourth!.key, fourth!.value)))
    plant(store, 'audit', fourth!.key, encodeAudit(fourth!.key, decodeAudit(third!.key, third!.value)))
    expectKind(() => view.verifyAudit(), 'corrupt')
  })

  test('a cut tail: against its own head, and with the head moved back against one that was kept', () => {
    const { store, view } = busy()
    const { head } = view.verifyAudit()
    const all = rows(store, 'audit')
    plant(store, 'audit', all[5]!.key, undefined)
    expect(failure(() => view.verifyAudit()).message).toBe('the audit log ends at row 5, its head says 6')
    const last = decodeAudit(all[4]!.key, all[4]!.value)
    const { timestamp } = decodeEntry(all[4]!.key, all[4]!.value)
    plant(store, 'meta', META.auditHead, encodeAuditHead({ sequence: 5n, timestamp, mac: last.mac }))
    expect(view.verifyAudit().rows).toBe(5)
    expect(failure(() => view.verifyAudit(head)).message).toContain('its tail was cut')
    // Growing back to the same length with other rows does not help.
    put(view, 'OTHER', 'v')
    expect(failure(() => view.verifyAudit(head)).message).toContain('not the one the given head belongs to')
  })

  test('all rows and the head gone', () => {
    const { store, view } = busy()
    const { head } = view.verifyAudit()
    for (const { key } of rows(store, 'audit')) plant(store, 'audit', key, undefined)
    expectKind(() => view.verifyAudit(), 'corrupt')
    plant(store, 'meta', META.auditHead, undefined)
    expectKind(() => view.verifyAudit(head), 'corrupt')
  })

  test('a head that was moved', () => {
    const { store, view } = busy()
    const head = decodeAuditHead(store.get('meta', META.auditHead)!)
    for (const moved of [
      { ...head, sequence: 7n },
      { ...head, timestamp: head.timestamp + 1n },
      { ...head, mac: head.mac.toReversed() },
    ]) {
      plant(store, 'meta', META.auditHead, encodeAuditHead(moved))
      expectKind(() => view.verifyAudit(), 'corrupt')
    }
  })

  test('a chain of another vault', () => {
    const { view } = busy()
    const other = busy()
    expectKind(() => view.verifyAudit(other.view.verifyAudit().head), 'corrupt')
  })

  test('a head that is none is a usage failure', () => {
    const { view } = busy()
    for (const head of ['', '6', '6:00', `6:${'g'.repeat(64)}`, `-1:${'0'.repeat(64)}`]) {
      expectKind(() => view.verifyAudit(head), 'usage')
    }
  })
})

test('a change that fails leaves no row', async () => {
  const { view } = made(memory())
  const before = view.verifyAudit()
  expectKind(() => view.rollback('default', 'NOPE', 1), 'not_found')
  expectKind(() => view.createProject('default', ''), 'conflict')
  expect((await failureOf(view.deleteProject('nope'))).kind).toBe('not_found')
  expect(view.verifyAudit()).toEqual(before)
})
