// Somebody who opened the vault with an identity: may read what is shared, may do nothing else, and everything it does
// stands in the audit log under its own name.
import { describe, expect, test } from 'bun:test'
import { policyFor } from '../../src/commands/policy.ts'
import { Identity, unwrapKey } from '../../src/crypto/recipient.ts'
import { appendAudit, headText, readHead, verifyChain } from '../../src/vault/audit.ts'
import { decodeRecipients } from '../../src/vault/recipient-rows.ts'
import { Vault } from '../../src/vault/vault.ts'
import { failure, failureOf } from '../failure.ts'
import { expectKind, get, made, owner, passphrase, put, rows, secret, shown } from './fixture.ts'
import type { Effect } from '../../src/lib/gate.ts'
import type { Store } from '../../src/store/store.ts'
import type { AuditNote } from '../../src/vault/audit.ts'
import type { View } from '../../src/vault/view.ts'

function filled() {
  const all = made()
  const [alice, bob] = [Identity.generate(), Identity.generate()]
  for (const project of ['web', 'api']) {
    all.view.createProject(project, '')
    put(all.view, 'KEY', `of ${project}`, project)
  }
  put(all.view, 'KEY', 'of default')
  all.view.share('web', alice.recipient.text)
  return { ...all, alice, bob }
}

function as(store: Store, identities: readonly Identity[], effect: Effect = 'reveal', command = 'env') {
  const vault = Vault.open(store)
  const principal = { kind: 'identity' as const, ...vault.unlockWith(identities) }
  return { vault, view: vault.view({ principal, command, effect, policy: policyFor(principal) }) }
}

const reader = (store: Store, alice: Identity): View => as(store, [alice]).view

describe('who it is', () => {
  test('nothing shared with it is a failure that names the public key', () => {
    const { store, bob } = filled()
    const refused = failure(() => as(store, [bob]))
    expect(refused.kind).toBe('failed')
    expect(refused.hint).toBe(`ask the owner for: tvault projects share ${bob.recipient.text}`)
    expectKind(() => as(store, []), 'failed')
  })

  test('of several identities each opens its projects, the first where more than one fits', () => {
    const { store, view, alice, bob } = filled()
    view.share('api', bob.recipient.text)
    view.share('web', bob.recipient.text)
    const both = as(store, [alice, bob]).view
    expect([get(both, 'KEY', undefined, 'web'), get(both, 'KEY', undefined, 'api')]).toEqual(['of web', 'of api'])
    expect(view.audit({ limit: 2 }).map((entry) => entry.principal)).toEqual([
      `identity ${bob.recipient.text}`,
      `identity ${alice.recipient.text}`,
    ])
    view.verifyAudit()
  })

  test("an identity's keys serve no other principal, the owner's keys no identity", () => {
    const { store, vault, alice } = filled()
    const opened = as(store, [alice]).vault
    expectKind(() => opened.view(owner()), 'denied')
    const principal = { kind: 'identity' as const, recipients: [alice.recipient.text], projects: ['web'] }
    expectKind(() => vault.view({ ...owner(), principal }), 'denied')
  })

  test('locked, its keys are zero', () => {
    const { store, alice } = filled()
    const blocks: Uint8Array[] = []
    const vault = Vault.open(store, { protect: (bytes) => void blocks.push(bytes) })
    vault.unlockWith([alice])
    expect(blocks[0]!.every((byte) => byte === 0)).toBe(false)
    vault.lock()
    expect(blocks[0]!.every((byte) => byte === 0)).toBe(true)
    expect(vault.unlocked).toBe(false)
  })

  test('the identity may be wiped once the vault is open', () => {
    const { store, alice } = filled()
    const { view } = as(store, [alice])
    alice.wipe()
    expect(get(view, 'KEY', undefined, 'web')).toBe('of web')
  })
})

describe('what it may do', () => {
  test('nothing that writes, shares, destroys or administers, in any project; each refusal is written down', async () => {
    const { store, view, alice } = filled()
    const guest = reader(store, alice)
    const value = () => secret('x')
    const acts: (() => unknown)[] = [
      () => guest.write('web', 'KEY', value()),
      () => guest.writeMany('web', [{ key: 'NEW', value: value() }], { overwrite: true }),
      () => guest.rollback('web', 'KEY', 1),
      () => guest.createProject('mine', ''),
      () => guest.share('web', Identity.generate().recipient.text),
      () =>
        guest.createGroup({ name: 'g', description: '', environments: [{ name: 'p', project: 'web' }], force: false }),
      () => guest.addEnvironment('g', { name: 'p', project: 'web' }, { force: false }),
      () => guest.removeEnvironment('g', 'p'),
      () => guest.deleteGroup('g'),
      () => guest.setBase('g', 'p', undefined),
      () => guest.useProject('web'),
      () => guest.verifyAudit(),
      () => guest.verifyAll(),
      () => guest.fileKey(new Uint8Array(16)),
    ]
    const later: (() => Promise<unknown>)[] = [
      () => guest.delete('web', ['KEY']),
      () => guest.deleteProject('web'),
      () => guest.unshare('web', alice.recipient.text),
      () => guest.rotate(passphrase('other words')),
      () => guest.backup('/nowhere/copy', { overwrite: false }),
    ]
    const kinds = acts.map((act) => failure(act).kind)
    for (const act of later) kinds.push((await failureOf(act())).kind)
    for (const kind of kinds) expect(['denied', 'not_found']).toContain(kind)
    const refused = view.audit({ limit: 100 }).filter((entry) => entry.phase === 'refused')
    expect(refused.length).toBe(acts.length + later.length)
    for (const entry of refused) expect(entry.principal).toBe(`identity ${alice.recipient.text}`)
    expect(get(view, 'KEY', undefined, 'web')).toBe('of web')
    view.verifyAudit()
  })

  test('with an effect beyond reading it reads nothing', () => {
    const { store, alice } = filled()
    for (const effect of ['seal', 'share', 'write-file'] as const) {
      const { view } = as(store, [alice], effect, 'seal')
      expectKind(() => view.read('web', 'KEY'), 'not_found')
    }
    for (const effect of ['reveal', 'inject'] as const) {
      expect(get(as(store, [alice], effect, 'run').view, 'KEY', undefined, 'web')).toBe('of web')
    }
  })

  test('a project that is not shared looks like one that does not exist, and the hint says what is', () => {
    const { store, alice } = filled()
    const guest = reader(store, alice)
    const [real, unreal] = [failure(() => guest.read('api', 'KEY')), failure(() => guest.read('none', 'KEY'))]
    expect(real.message.replace('api', 'none')).toBe(unreal.message)
    expect([real.kind, real.hint]).toEqual([unreal.kind, unreal.hint])
    expect(real.hint).toContain('this identity reads: web')
  })

  test('a project that was shared anew or taken back meanwhile is a conflict, never a wrong value', async () => {
    const { store, view, alice, bob } = filled()
    const guest = reader(store, alice)
    view.share('web', bob.recipient.text)
    expectKind(() => guest.read('web', 'KEY'), 'conflict')
    const again = reader(store, alice)
    await view.unshare('web', bob.recipient.text)
    expectKind(() => again.read('web', 'KEY'), 'conflict')
    expect(get(reader(store, alice), 'KEY', undefined, 'web')).toBe('of web')
  })
})

describe('its rows in the audit log', () => {
  test('name it, have intent and outcome, and stand in the one chain', () => {
    const { store, view, alice } = filled()
    const { view: guest } = as(store, [alice], 'inject', 'run')
    shown(guest.read('web', 'KEY'))
    guest.settle('ok')
    put(view, 'KEY', 'again', 'web')
    const brief = view
      .audit({ limit: 3 })
      .map((e) => `${e.action} ${e.resourceName} ${e.phase} ${e.command} ${e.principal}`)
    const who = `identity ${alice.recipient.text}`
    expect(brief).toEqual([
      'secret.write KEY done get owner',
      `secret.read KEY outcome run ${who}`,
      `secret.read KEY intent run ${who}`,
    ])
    view.verifyAudit()
  })

  test('no row, no value', () => {
    const { store, alice } = filled()
    const guest = reader(store, alice)
    store.commit = () => {
      throw new Error('no space')
    }
    expect(() => guest.read('web', 'KEY')).toThrow('no space')
    expect(() => guest.readMany('web', {})).toThrow('no space')
  })

  test('with its key it can write rows as itself and as nobody else', () => {
    const { store, view, vault, alice, bob } = filled()
    view.share('web', bob.recipient.text)
    const [{ key: id, value }] = rows(store, 'recipients') as [{ key: Uint8Array; value: Uint8Array }]
    const [entry] = decodeRecipients(id, value)
    const key = unwrapKey(entry!.signer, alice)!
    const note = (principal: string): AuditNote => ({
      action: 'secret.read',
      resourceType: 'secret',
      resourceName: 'KEY',
      principal,
      command: 'env',
      phase: 'intent',
      result: '',
      metadata: { project: 'web' },
    })
    const head = headText(readHead(store))
    const tried = (principal: string): string => {
      const mark = rows(store, 'meta')
      store.commit((writer) => appendAudit(writer, key, note(principal)))
      try {
        view.verifyAudit(head)
        return 'accepted'
      } catch (error) {
        return (error as Error).message
      } finally {
        store.commit((writer) => {
          for (const row of mark) writer.put('meta', row.key, row.value)
          for (const last of writer.keys('audit', { reverse: true, limit: 1 })) writer.delete('audit', last)
        })
      }
    }
    expect(tried(`identity ${alice.recipient.text}`)).toBe('accepted')
    for (const principal of [
      'owner',
      'owner (script)',
      `identity ${bob.recipient.text}`,
      'identity ',
      `identity ${alice.recipient.text} `,
      `identity ${alice.recipient.text.toUpperCase()}`,
    ]) {
      expect([principal, tried(principal)]).toEqual([
        principal,
        expect.stringContaining('was changed, or a row before it was') as unknown as string,
      ])
    }
    view.verifyAudit(head)
    expect(vault.unlocked).toBe(true)
    expectKind(() => store.snapshot((rows) => verifyChain(rows, key)), 'corrupt')
  })
})
