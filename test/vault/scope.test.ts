// The second enforcement of the policy: at the handle, whatever the command asked or forgot to ask.
import { failure, failureOf } from '../failure.ts'
import { describe, expect, test } from 'bun:test'
import { get, made, owner, passphrase, policyOf, put, secret, stranger, everything, expectKind } from './fixture.ts'
import type { Question } from '../../src/lib/gate.ts'

const { vault, view } = made()
view.createProject('web', '')
view.createProject('hidden', '')
for (const [project, key] of [
  ['web', 'OPEN'],
  ['web', 'SHUT'],
  ['hidden', 'DEEP'],
] as const) {
  put(view, key, `value of ${key}`, project)
}

const closed = (question: Question) => question.key === 'SHUT' || question.project === 'hidden'

describe('the owner', () => {
  const refusing = policyOf((question) => closed(question) && question.effect !== 'list')

  test('is told about a refusal, and it is written down', () => {
    const bound = vault.view(owner('reveal', 'get', refusing))
    const refused = failure(() => bound.read('web', 'SHUT'))
    expect([refused.kind, refused.message]).toEqual([
      'denied',
      'the policy refuses reveal on SHUT in project web (test)',
    ])
    expect(view.audit({ limit: 1 })[0]).toMatchObject({
      action: 'secret.read',
      resourceType: 'secret',
      resourceName: 'SHUT',
      phase: 'refused',
      result: 'denied',
      metadata: { project: 'web', rule: 'test' },
    })
    expect(get(bound, 'OPEN', undefined, 'web')).toBe('value of OPEN')
  })

  test('cannot do in bulk what is refused for one', async () => {
    const bound = vault.view(owner('inject', 'run', refusing))
    const shut = [{ key: 'SHUT', value: secret('value of SHUT') }]
    expectKind(() => bound.readMany('web', {}), 'denied')
    expectKind(() => bound.readMany('web', { only: ['SHUT'] }), 'denied')
    expectKind(() => bound.readMany('hidden', { only: ['OPEN'] }), 'denied')
    expectKind(() => bound.compareMany('web', shut), 'denied')
    expectKind(() => bound.write('web', 'SHUT', secret('x')), 'denied')
    expectKind(
      () => bound.writeMany('web', [{ key: 'OPEN', value: secret('x') }, ...shut], { overwrite: true }),
      'denied',
    )
    expectKind(() => bound.rollback('web', 'SHUT', 1), 'denied')
    expectKind(() => bound.createProject('hidden', ''), 'denied')
    expect((await failureOf(bound.delete('web', ['OPEN', 'SHUT']))).kind).toBe('denied')
    expect((await failureOf(bound.deleteProject('hidden'))).kind).toBe('denied')
    expect(get(view, 'OPEN', undefined, 'web')).toBe('value of OPEN')
    expect(get(view, 'SHUT', undefined, 'web')).toBe('value of SHUT')
    const none = vault.view(
      owner(
        'admin',
        'key rotate',
        policyOf(() => true),
      ),
    )
    expect((await failureOf(none.rotate(passphrase('other')))).message).toBe(
      'the policy refuses admin on the vault (test)',
    )
    expectKind(() => none.verifyAudit(), 'denied')
  })
})

describe('anyone else', () => {
  const asker = stranger('reveal', policyOf(closed))
  const guest = vault.view(asker)

  test('cannot tell a refused name from a missing one', async () => {
    const missing = policyOf(() => false)
    const { vault: bare, view: bareView } = made()
    bareView.createProject('web', '')
    put(bareView, 'OPEN', 'value of OPEN', 'web')
    const truly = bare.view(stranger('reveal', missing))
    for (const [project, key] of [
      ['web', 'SHUT'],
      ['hidden', 'DEEP'],
      ['hidden', 'NOPE'],
    ] as const) {
      const entries = [{ key, value: secret('value of SHUT') }]
      const acts = [
        (one: typeof guest) => one.read(project, key),
        (one: typeof guest) => one.read(project, key, { version: 1 }),
        (one: typeof guest) => one.read(project, key, { version: 99 }),
        (one: typeof guest) => one.history(project, key),
        (one: typeof guest) => one.rollback(project, key, 1),
        (one: typeof guest) => one.readMany(project, { only: [key] }),
        (one: typeof guest) => one.readMany(project, { prefix: key.slice(0, 2) }),
        (one: typeof guest) => one.compareMany(project, entries),
        (one: typeof guest) => one.list(project),
        (one: typeof guest) => one.search({ project, limit: 9 }),
        (one: typeof guest) => one.useProject(project === 'web' ? 'nope' : project),
      ]
      for (const [i, act] of acts.entries())
        expect([i, answer(() => act(guest))]).toEqual([i, answer(() => act(truly))])
      const [here, there] = await Promise.all([guest, truly].map((one) => failureOf(one.delete(project, [key]))))
      expect(here!.toJSON()).toEqual(there!.toJSON())
    }
  })

  test('sees no refused name, number or suggestion', () => {
    expect(guest.projects().map((project) => `${project.name} ${project.secrets}`)).toEqual(['default 0', 'web 1'])
    expect(guest.summary()).toMatchObject({ projects: 2, secrets: 1 })
    expect(guest.list('web').map((info) => info.key)).toEqual(['OPEN'])
    expect(guest.search({ limit: 10 })).toMatchObject({ total: 1 })
    expect(guest.search({ limit: 10, prefix: 'D' })).toEqual({ results: [], total: 0 })
    expect(failure(() => guest.read('web', 'SHUTT')).hint).toBe('tvault list -p web')
    expect(failure(() => guest.list('hiddenn')).hint).toBe('tvault projects list')
    const names = JSON.stringify(guest.audit({ limit: 1000 }), (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    )
    expect(names).not.toMatch(/SHUT|hidden|DEEP/)
    expect(names).toMatch(/OPEN/)
    expect(guest.readMany('web', {}).entries.map(({ key }) => key)).toEqual(['OPEN'])
  })

  test('does not learn the current project when it is refused', () => {
    view.useProject('hidden')
    expect(guest.currentProject()).toBe('')
    view.useProject('default')
    expect(guest.currentProject()).toBe('default')
  })

  test('leaves refusals behind', () => {
    const before = view.audit({ limit: 10_000 }).length
    failure(() => guest.read('web', 'SHUT'))
    failure(() => guest.read('web', 'NOPE'))
    const written = view.audit({ limit: 10_000 }).slice(0, -before)
    expect(written.map((entry) => `${entry.resourceName} ${entry.phase}`)).toEqual(['SHUT refused'])
  })
})

/** What an act answers, as text and without its times. */
function answer(act: () => unknown): string {
  try {
    return JSON.stringify(act(), (_, value) => (typeof value === 'bigint' ? 'a time' : value))
  } catch {
    return JSON.stringify(failure(act))
  }
}

describe('the effect that is asked about', () => {
  test('is what is done, when a command declared less', () => {
    const asked: string[] = []
    const policy = policyOf((question) => {
      asked.push(`${question.effect} ${question.project} ${question.key}`)
      return false
    })
    const names = vault.view(owner('list', 'list', policy))
    names.read('web', 'OPEN').wipe()
    expect(asked).toEqual(['reveal web OPEN'])
    asked.length = 0
    names.compareMany('web', [{ key: 'OPEN', value: secret('x') }])
    expect(new Set(asked)).toEqual(new Set(['compare web undefined', 'compare web OPEN']))
    asked.length = 0
    vault
      .view(owner('inject', 'run', policy))
      .read('web', 'OPEN')
      .wipe()
    expect(asked).toEqual(['inject web OPEN'])
  })

  test('a refusal stands when it cannot be written down', () => {
    const locked = made()
    locked.vault.lock()
    const names = locked.vault.names(
      owner(
        'list',
        'list',
        policyOf(() => true),
      ),
    )
    expectKind(() => names.list('default'), 'denied')
    expect(locked.vault.names(owner('list', 'list', everything)).audit({ limit: 9 }).length).toBe(2)
  })
})
