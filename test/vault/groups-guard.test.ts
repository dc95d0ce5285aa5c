// What stands around environment groups: somebody who writes the file is found as soon as the vault is unlocked, and
// nobody but the owner gets at a value on the way through a group that it could not get at directly.
import { describe, expect, test } from 'bun:test'
import { policyFor } from '../../src/commands/policy.ts'
import { Identity } from '../../src/crypto/recipient.ts'
import { concat, utf8 } from '../../src/lib/bytes.ts'
import { allGroups, decodeGroup } from '../../src/vault/group-rows.ts'
import { frame } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { verifyStructure } from '../../src/vault/verify.ts'
import { failureOf } from '../failure.ts'
import { expectKind, owner, plant, policyOf, rows, stranger } from './fixture.ts'
import { filled, resolved } from './shop.ts'
import type { Store } from '../../src/store/store.ts'
import type { View } from '../../src/vault/view.ts'

describe('somebody who can write the file', () => {
  const body = (store: Store) => store.get('groups', utf8('app'))!.slice(1, -4)
  const forge = (store: Store, bytes: Uint8Array, name = 'app') =>
    plant(store, 'groups', utf8(name), frame('group', utf8(name), bytes))

  /** Everything that an unlocked vault does with the group. */
  async function refuses(view: View, name = 'app'): Promise<void> {
    for (const act of [
      () => view.groups(),
      () => view.resolve(name, 'production', {}),
      () => view.keySources(name, 'production'),
      () => view.differences(name),
      () => view.promotionPlan(name, 'production', 'staging'),
      () => view.pin(name, 'preview', 'A'),
      () => view.setBase(name, 'preview', undefined),
      () => view.verifyAll(),
    ]) {
      expectKind(act, 'corrupt')
    }
    expect((await failureOf(view.unpin(name, 'preview', 'A'))).kind).toBe('corrupt')
  }

  test('changes no byte of a row unnoticed', () => {
    const { store, view } = filled()
    view.pin('app', 'preview', 'A')
    const record = store.get('groups', utf8('app'))!
    for (let at = 0; at < record.length; at++) {
      const flipped = record.slice()
      flipped[at]! ^= 1 << (at % 8)
      plant(store, 'groups', utf8('app'), flipped)
      expectKind(() => verifyStructure(store), 'corrupt')
      const changed = body(store)
      if (at < 1 || at > changed.length) continue
      changed[at - 1]! ^= record[at]! ^ flipped[at]!
      changed[at - 1]! ^= 1
      forge(store, changed)
      expectKind(() => view.groups(), 'corrupt')
      expectKind(() => view.resolve('app', 'production', {}), 'corrupt')
    }
  })

  test('points no environment at another project, gives none a base, copies no group', async () => {
    const { store, view } = filled()
    const id = (project: string) => rows(store, 'projects').find((row) => Buffer.from(row.value).includes(project))!.key
    const whole = body(store)
    const swapped = Buffer.from(whole)
    swapped.set(id('other'), swapped.indexOf(id('prod')))
    forge(store, swapped)
    expect(verifyStructure(store).projects).toBe(5)
    await refuses(view)
    // The last environment before the empty list of pins: its base is the two bytes in front of that count.
    const rebased = whole.slice()
    rebased.set([0, 0], rebased.length - 4)
    forge(store, rebased)
    expect(decodeGroup(utf8('app'), store.get('groups', utf8('app'))!).environments[2]!.base).toBe('production')
    await refuses(view)
    forge(store, whole)
    expect(view.groups().length).toBe(1)
    forge(store, whole, 'copy')
    await refuses(view, 'copy')
    view.deleteGroup('copy')
    view.verifyAll()
  })

  test('a circle, a group of no project and a project twice are damage without any key', () => {
    const { store, vault } = filled()
    const whole = body(store)
    const [app] = allGroups(store)
    const at = Buffer.from(whole).indexOf(Buffer.from(app!.environments[0]!.project))
    const circle = whole.slice()
    circle.set([0, 2], at + 16)
    const stray = whole.slice()
    stray[at]! ^= 1
    const twice = Buffer.from(whole)
    twice.set(app!.environments[1]!.project, at)
    for (const bytes of [circle, stray, twice, concat(whole, utf8('x')), whole.slice(0, -1), new Uint8Array(0)]) {
      forge(store, bytes)
      expectKind(() => verifyStructure(store), 'corrupt')
    }
    forge(store, circle)
    vault.lock()
    expectKind(() => vault.names(owner('list', 'env inherited')).keySources('app', 'production'), 'corrupt')
  })
})

describe('anyone but the owner', () => {
  test('sees a group whose projects it may see, and no other', () => {
    const { vault } = filled()
    const guest = (hidden: string) =>
      vault.view(
        stranger(
          'reveal',
          policyOf(({ project }) => project === hidden),
        ),
      )
    expect(
      guest('other')
        .groups()
        .map(({ name }) => name),
    ).toEqual(['app'])
    for (const act of [
      () => guest('stag').group('app'),
      () => guest('stag').resolve('app', 'preview', {}),
      () => guest('stag').keySources('app', 'preview'),
      () => guest('stag').differences('app'),
      () => guest('stag').promotionPlan('app', 'production', 'staging'),
    ]) {
      expectKind(act, 'not_found')
    }
    expect(guest('stag').groups()).toEqual([])
    expect(resolved(guest('stag'), 'production').length).toBe(2)
  })

  test('reads no row of the audit log about a group', () => {
    const { vault, view } = filled()
    const types = (of: { audit: typeof view.audit }) => of.audit({ limit: 100 }).map((row) => row.resourceType)
    expect(types(view)).toContain('env_group')
    expect(
      types(
        vault.view(
          stranger(
            'list',
            policyOf(() => false),
          ),
        ),
      ),
    ).not.toContain('env_group')
  })

  test('a key that is refused in one project is as if it were not there', () => {
    const { vault } = filled()
    const guest = vault.view(
      stranger(
        'reveal',
        policyOf(({ project, key }) => project === 'stag' && key === 'B'),
      ),
    )
    expect(resolved(guest, 'preview')).toContain('B=b of production < production')
    expect(guest.differences('app').find(({ key }) => key === 'B')!.environments).toEqual(['production'])
  })

  test('a value may be promoted or pinned only by who may read it', () => {
    const { vault } = filled()
    const blind = vault.view(
      owner(
        'write',
        'env promote',
        policyOf(({ effect, key }) => effect === 'reveal' && !!key),
      ),
    )
    const plan = [{ key: 'A', change: 'new', fromVersion: 1, toVersion: 0 } as const]
    expectKind(() => blind.promote('app', 'production', 'staging', plan), 'denied')
    expectKind(() => blind.pin('app', 'preview', 'A'), 'denied')
  })

  test('an identity reads through a group when every project on the way is shared with it', () => {
    const { store, view } = filled()
    const alice = Identity.generate()
    const as = () => {
      const vault = Vault.open(store)
      const principal = { kind: 'identity' as const, ...vault.unlockWith([alice]) }
      return vault.view({ principal, command: 'run', effect: 'inject', policy: policyFor(principal) })
    }
    view.share('prev', alice.recipient.text)
    view.share('stag', alice.recipient.text)
    expectKind(() => resolved(as(), 'preview'), 'not_found')
    expectKind(() => resolved(as(), 'staging'), 'not_found')
    view.share('prod', alice.recipient.text)
    expect(resolved(as(), 'preview')).toEqual([
      'A=a of production < production',
      'B=b of staging < staging',
      'C=c of preview < preview',
    ])
    view.verifyAudit()
  })
})
