// A project shared with a public key, read by its owner's identity, and taken back. The attacks: somebody who can write
// the file, with or without being a recipient, must not get into the list nor stay in it.
import { describe, expect, test } from 'bun:test'
import { policyFor } from '../../src/commands/policy.ts'
import { LABELS, hkdf, mac } from '../../src/crypto/keys.ts'
import { Identity, unwrapKey, wrapKey } from '../../src/crypto/recipient.ts'
import { concat, utf8 } from '../../src/lib/bytes.ts'
import { bind, openValue } from '../../src/vault/boxes.ts'
import { decodeRecipients, encodeRecipients } from '../../src/vault/recipient-rows.ts'
import { decodeProject, decodeSecret, encodeProject, frame, parseSecretKey } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { verifyStructure } from '../../src/vault/verify.ts'
import { failure, failureOf } from '../failure.ts'
import { BACKENDS, expectKind, get, made, memory, owner, passphrase, plant, put, rows, secret } from './fixture.ts'
import type { Effect } from '../../src/lib/gate.ts'
import type { Store } from '../../src/store/store.ts'
import type { View } from '../../src/vault/view.ts'

/** What `identities` see of the vault in `store`, without a passphrase. */
function as(store: Store, identities: readonly Identity[], effect: Effect = 'reveal', command = 'env'): View {
  const vault = Vault.open(store)
  const principal = { kind: 'identity' as const, ...vault.unlockWith(identities) }
  return vault.view({ principal, command, effect, policy: policyFor(principal) })
}

function shared(store: Store = memory()) {
  const all = made(store)
  const [alice, bob] = [Identity.generate(), Identity.generate()]
  all.view.createProject('web', 'shop')
  for (const value of ['one', 'two', 'three']) put(all.view, 'KEY', value, 'web')
  put(all.view, 'OTHER', 'x', 'web')
  put(all.view, 'PRIVATE', 'not for others')
  for (const identity of [alice, bob]) all.view.share('web', identity.recipient.text)
  const [project] = rows(store, 'projects').filter((row) => Buffer.from(row.value).includes('shop'))
  const id = project!.key
  const list = () => decodeRecipients(id, store.get('recipients', id)!)
  return { ...all, alice, bob, id, list }
}

function opens(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}

for (const { name, open } of BACKENDS) {
  describe(`${name}: sharing`, () => {
    test('a recipient reads values and versions of that project, and nothing else', async () => {
      const { store, alice } = shared(await open())
      const view = as(store, [alice])
      expect([get(view, 'KEY', undefined, 'web'), get(view, 'KEY', 1, 'web')]).toEqual(['three', 'one'])
      const { entries } = view.readMany('web', {})
      expect(entries.map(({ key }) => key)).toEqual(['KEY', 'OTHER'])
      expect(view.compareMany('web', [{ key: 'OTHER', value: secret('x') }])).toEqual([{ key: 'OTHER', state: 'same' }])
      expect(view.projects().map((project) => project.name)).toEqual(['web'])
      expect(view.list('web').map(({ key }) => key)).toEqual(['KEY', 'OTHER'])
      const missing = failure(() => get(view, 'PRIVATE'))
      const nowhere = failure(() => get(view, 'PRIVATE', undefined, 'nowhere'))
      expect([missing.kind, missing.hint]).toEqual(['not_found', nowhere.hint])
      expect(missing.message).toBe(nowhere.message.replace('nowhere', 'default'))
    })

    test('unshared, the project has a new key: who left opens nothing, who stayed everything', async () => {
      const { store, vault, view, alice, bob, id, list } = shared(await open())
      const before = decodeProject(id, store.get('projects', id)!)
      const oldKey = unwrapKey(list()[0]!.stanza, alice)!
      // How many current values of the project a key opens, with everything else known.
      const opened = (key: Uint8Array) =>
        rows(store, 'secrets').filter(({ key: row, value }) => {
          const { project, key: name } = parseSecretKey(row)
          const { box, ...place } = decodeSecret(row, value)
          const where = { vaultId: vault.header.vaultId, project, key: name, ...place }
          return Buffer.from(project).equals(id) && opens(() => openValue('aes-256-gcm', key, box, where).wipe())
        }).length
      expect(opened(oldKey)).toBe(2)
      const history = view.history('web', 'KEY')
      const steps: [number, number][] = []
      const progress = (done: number, total: number) => void steps.push([done, total])
      const result = await view.unshare('web', alice.recipient.text, { progress })
      expect(result).toMatchObject({ couldRead: ['KEY', 'OTHER'], versions: 4, remaining: 1 })
      expect(result.recipient.recipient).toBe(alice.recipient.text)
      expect(steps).toEqual([
        [1, 4],
        [2, 4],
        [3, 4],
        [4, 4],
      ])
      expect(failure(() => as(store, [alice])).kind).toBe('failed')
      expect(get(as(store, [bob]), 'KEY', 2, 'web')).toBe('two')
      expect(get(view, 'KEY', undefined, 'web')).toBe('three')
      expect(get(view, 'KEY', 1, 'web')).toBe('one')
      expect(view.history('web', 'KEY')).toEqual(history)
      expect(view.verifyAll()).toEqual({ values: 3, versions: 5 })
      view.verifyAudit()
      const after = decodeProject(id, store.get('projects', id)!)
      expect(after.wrappedKey).not.toEqual(before.wrappedKey)
      expect(opened(oldKey)).toBe(0)
      const newKey = unwrapKey(list()[0]!.stanza, bob)!
      expect(opened(newKey)).toBe(2)
      // Drawn, not made up of anything: 32 random bytes have hardly ever fewer than 16 different ones.
      expect(new Set(newKey).size).toBeGreaterThan(16)
      expect((await failureOf(view.unshare('web', alice.recipient.text))).kind).toBe('not_found')
    })

    test('the last one gone, the project is as if it had never been shared', async () => {
      const { store, view, alice, bob, id } = shared(await open())
      await view.unshare('web', alice.recipient.text)
      await view.unshare('web', bob.recipient.text)
      expect(view.recipients('web')).toEqual([])
      expect(store.get('recipients', id)).toBeUndefined()
      expect(decodeProject(id, store.get('projects', id)!).recipientsMac.every((byte) => byte === 0)).toBe(true)
      view.share('web', alice.recipient.text)
      expect(get(as(store, [alice]), 'KEY', undefined, 'web')).toBe('three')
      view.verifyAll()
    })

    test('rotation keeps the recipients and their rows in the log, deletion takes the list along', async () => {
      const { store, view, alice, id } = shared(await open())
      get(as(store, [alice]), 'KEY', undefined, 'web')
      const list = view.recipients('web')
      await view.rotate(passphrase('new words'))
      expect(view.recipients('web')).toEqual(list)
      expect(get(as(store, [alice]), 'KEY', undefined, 'web')).toBe('three')
      view.verifyAll()
      view.verifyAudit()
      await view.deleteProject('web')
      expect(store.get('recipients', id)).toBeUndefined()
      expect(failure(() => as(store, [alice])).kind).toBe('failed')
      view.verifyAll()
      view.verifyAudit()
    })
  })
}

describe('the list', () => {
  test('is in the order of sharing; sharing again changes nothing, a new label only the label', () => {
    const { store, view, alice, bob } = shared()
    const audit = () => view.audit({ limit: 1 })[0]!.sequence
    const before = audit()
    expect(
      view.share('web', ` ${alice.recipient.text.replace('tvault1', '').toUpperCase().replace(/^/, 'tvault1')}\n`),
    ).toMatchObject({ changed: false })
    expect(audit()).toBe(before)
    expect(view.share('web', alice.recipient.text, { label: 'alice' }).changed).toBe(true)
    expect(view.share('web', alice.recipient.text, { label: 'alice' }).changed).toBe(false)
    expect(view.share('web', alice.recipient.text).recipient.label).toBe('alice')
    expect(view.recipients('web').map(({ recipient, label }) => [recipient, label])).toEqual([
      [alice.recipient.text, 'alice'],
      [bob.recipient.text, ''],
    ])
    expect(view.audit({ limit: 1 })[0]).toMatchObject({
      action: 'project.share',
      resourceName: 'web',
      metadata: { recipient: alice.recipient.text, label: 'alice' },
    })
    expect(get(as(store, [alice]), 'KEY', undefined, 'web')).toBe('three')
  })

  test('refuses what is no public key, and labels that a terminal would obey', () => {
    const { view, alice } = shared()
    for (const text of ['', 'tvault1', 'tvault1aaaa', `tvault1${'a'.repeat(52)}`, alice.recipient.text.slice(0, -1)]) {
      expectKind(() => view.share('web', text), 'usage')
    }
    expectKind(() => view.share('web', alice.recipient.text, { label: 'a\u001b[2J' }), 'usage')
    expectKind(() => view.share('nowhere', alice.recipient.text), 'not_found')
    expectKind(() => view.recipients('nowhere'), 'not_found')
  })

  test('is told without the key, and then not checked', () => {
    const { vault, view } = shared()
    const list = view.recipients('web')
    vault.lock()
    expect(vault.names(owner('list', 'projects recipients')).recipients('web')).toEqual(list)
  })
})

describe('somebody who can write the file', () => {
  /** Puts `list` in place of the stored one, checksum and all. */
  function forge(store: Store, id: Uint8Array, list: Parameters<typeof encodeRecipients>[1]): void {
    plant(store, 'recipients', id, encodeRecipients(id, list))
  }

  async function refuses(all: ReturnType<typeof shared>): Promise<void> {
    const { store, view, bob, alice } = all
    const whole = (table: string) =>
      rows(store, table).map(({ key, value }) => [Buffer.from(key).toString('hex'), value])
    const before = ['projects', 'recipients', 'secrets', 'history'].map(whole)
    expectKind(() => view.recipients('web'), 'corrupt')
    expectKind(() => view.share('web', Identity.generate().recipient.text), 'corrupt')
    expect((await failureOf(view.unshare('web', bob.recipient.text))).kind).toBe('corrupt')
    expect((await failureOf(view.unshare('web', alice.recipient.text))).kind).toBe('corrupt')
    expectKind(() => view.verifyAll(), 'corrupt')
    expect(['projects', 'recipients', 'secrets', 'history'].map(whole)).toEqual(before)
  }

  test('defect 1: cannot put a public key in the place of another', async () => {
    const all = shared()
    const mallory = Identity.generate()
    const [first, second] = all.list()
    forge(all.store, all.id, [{ ...first!, publicKey: mallory.recipient.publicKey }, second!])
    await refuses(all)
  })

  test('cannot add one, leave one out, change the order, a label, a time or a stanza', async () => {
    const mallory = Identity.generate()
    const one = shared().list()[0]!
    const forgeries: ((list: ReturnType<ReturnType<typeof shared>['list']>) => typeof list)[] = [
      (list) => [...list, { ...one, publicKey: mallory.recipient.publicKey }],
      (list) => list.slice(1),
      (list) => list.toReversed(),
      ([first, ...rest]) => [{ ...first!, label: 'somebody' }, ...rest],
      ([first, ...rest]) => [{ ...first!, sharedAt: first!.sharedAt + 1n }, ...rest],
      ([first, ...rest]) => [{ ...first!, stanza: one.stanza }, ...rest],
      ([first, ...rest]) => [{ ...first!, signer: one.signer }, ...rest],
    ]
    for (const change of forgeries) {
      const all = shared()
      forge(all.store, all.id, change(all.list()))
      await refuses(all)
    }
  })

  test('cannot take the whole list away, also not without a key being there to notice', async () => {
    const all = shared()
    plant(all.store, 'recipients', all.id, undefined)
    expectKind(() => verifyStructure(all.store), 'corrupt')
    all.vault.lock()
    expectKind(() => all.vault.names(owner('list', 'projects recipients')).recipients('web'), 'corrupt')
    all.vault.unlock(passphrase())
    await refuses(all)
    const other = shared()
    const [bare] = rows(other.store, 'projects').filter((row) => Buffer.from(row.value).includes('Default'))
    forge(other.store, bare!.key, other.list())
    expectKind(() => verifyStructure(other.store), 'corrupt')
  })

  test('cannot put an older list back after somebody was taken out of it', async () => {
    const all = shared()
    const old = all.store.get('recipients', all.id)!
    await all.view.unshare('web', all.alice.recipient.text)
    plant(all.store, 'recipients', all.id, old)
    expectKind(() => all.view.recipients('web'), 'corrupt')
    // Alice still has what was wrapped for her then, and it opens nothing now.
    expectKind(() => as(all.store, [all.alice]), 'corrupt')
    expect((await failureOf(all.view.unshare('web', all.bob.recipient.text))).kind).toBe('corrupt')
  })

  test('a recipient, who has the key of the project, cannot add a second public key for the time after', async () => {
    const all = shared()
    const { store, id, alice, vault } = all
    const second = Identity.generate()
    const key = unwrapKey(all.list()[0]!.stanza, alice)!
    const list = [
      ...all.list(),
      { ...all.list()[0]!, publicKey: second.recipient.publicKey, stanza: wrapKey(key, second.recipient) },
    ]
    const encoded = encodeRecipients(id, list).slice(1, -4)
    const own = hkdf(key, new Uint8Array(0), utf8(LABELS.recipients), 32)
    const forged = mac(own, bind(LABELS.recipients, utf8(vault.header.vaultId), id, encoded))
    // The true list with the mac made like this gives the true mac: the forgery is as good as Alice can make it.
    const honest = encodeRecipients(id, all.list()).slice(1, -4)
    const record = decodeProject(id, store.get('projects', id)!)
    expect(mac(own, bind(LABELS.recipients, utf8(vault.header.vaultId), id, honest))).toEqual(record.recipientsMac)
    forge(store, id, list)
    plant(store, 'projects', id, encodeProject(id, { ...record, recipientsMac: forged }))
    // Only the owner can bind the mac to the key of the project, so the owner's key no longer opens it.
    await refuses(all)
    expectKind(() => get(all.view, 'KEY', undefined, 'web'), 'corrupt')
  })

  test('cannot move a stanza to another project', () => {
    const all = shared()
    all.view.createProject('api', 'inner')
    put(all.view, 'KEY', 'of api', 'api')
    all.view.share('api', all.alice.recipient.text)
    const [api] = rows(all.store, 'projects').filter((row) => Buffer.from(row.value).includes('inner'))
    const [entry] = decodeRecipients(api!.key, all.store.get('recipients', api!.key)!)
    forge(all.store, api!.key, [{ ...entry!, stanza: all.list()[0]!.stanza }])
    expectKind(() => as(all.store, [all.alice]), 'corrupt')
  })

  test('damage in the list is damage, in every byte', () => {
    const { store, id } = shared()
    const record = store.get('recipients', id)!
    for (let at = 0; at < record.length; at++) {
      const flipped = record.slice()
      flipped[at]! ^= 1 << (at % 8)
      plant(store, 'recipients', id, flipped)
      expectKind(() => verifyStructure(store), 'corrupt')
    }
    for (const body of [
      Uint8Array.of(),
      Uint8Array.of(0, 0),
      Uint8Array.of(0, 1),
      concat(record.slice(1, -4), utf8('x')),
    ]) {
      plant(store, 'recipients', id, frame('recipients', id, body))
      expectKind(() => verifyStructure(store), 'corrupt')
    }
    const list = decodeRecipients(id, record)
    plant(store, 'recipients', id, encodeRecipients(id, [list[0]!, list[0]!]))
    expectKind(() => verifyStructure(store), 'corrupt')
  })
})
