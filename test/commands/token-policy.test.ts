// The policy for tokens of the agent: never more than the scope says, nothing that governs the vault, and nothing for
// whoever is no token.
import { describe, expect, test } from 'bun:test'
import { policyFor } from '../../src/commands/policy.ts'
import { EFFECTS } from '../../src/lib/gate.ts'
import type { Effect, Principal, Question, TokenScope } from '../../src/lib/gate.ts'

const token = (scope: TokenScope): Principal => ({ kind: 'token', id: '0011aabb', scope })

function allows(scope: TokenScope, question: Partial<Question> & { effect: Effect }): boolean {
  const principal = token(scope)
  return policyFor(principal).decide({ principal, command: 'get', ...question }).allow
}

test.each([{}, { effects: [...EFFECTS] }] as TokenScope[])('no token shares, destroys or administers', (scope) => {
  const allowed = EFFECTS.filter((effect) => allows(scope, { effect, project: 'web', key: 'K' }))
  expect(allowed).toEqual(['none', 'list', 'compare', 'inject', 'reveal', 'write-file', 'seal', 'write'])
})

test('the effects of the scope, and names of what they are about', () => {
  const scope: TokenScope = { effects: ['inject'] }
  expect(EFFECTS.filter((effect) => allows(scope, { effect, project: 'web', key: 'K' }))).toEqual([
    'none',
    'list',
    'inject',
  ])
  expect(EFFECTS.filter((effect) => allows({ effects: [] }, { effect }))).toEqual(['none', 'list'])
})

test('an effect that does not exist is refused', () => {
  for (const effect of ['', 'Reveal', 'reveal ', 'constructor', '__proto__']) {
    expect(allows({}, { effect: effect as Effect, project: 'web', key: 'K' })).toBeFalse()
  }
})

describe('names', () => {
  test('the project is exactly that one', () => {
    const scope: TokenScope = { project: 'web' }
    for (const project of ['web', 'Web', 'web2', 'we', '', 'web/../other'])
      expect([project, allows(scope, { effect: 'reveal', project, key: 'K' })]).toEqual([project, project === 'web'])
    // A token for the project without a name is none for all of them.
    expect(allows({ project: '' }, { effect: 'reveal', project: 'web' })).toBeFalse()
  })

  test('keys are matched whole, without regard to case; * is the only magic beside ?', () => {
    const scope: TokenScope = { keys: ['DB_*', 'a?b', 'X.Y'] }
    const right = ['DB_', 'DB_URL', 'db_url', 'AXB', 'x.y']
    const wrong = ['DB', 'MYDB_URL', 'A_BC', 'AB', 'XaY', '', 'DB_\n'.slice(0, 2)]
    for (const key of right) expect([key, allows(scope, { effect: 'reveal', project: 'p', key })]).toEqual([key, true])
    for (const key of wrong) expect([key, allows(scope, { effect: 'reveal', project: 'p', key })]).toEqual([key, false])
  })

  test('no keys at all is not all keys', () => {
    expect(allows({ keys: [] }, { effect: 'reveal', project: 'p', key: 'K' })).toBeFalse()
  })
})

test('the policy of tokens decides about tokens only, and nobody else gets theirs', () => {
  const { decide } = policyFor(token({}))
  const others: Principal[] = [
    { kind: 'owner', interactive: true },
    { kind: 'identity', recipients: [], projects: ['p'] },
    { kind: 'guest' } as unknown as Principal,
  ]
  for (const principal of others) {
    expect(decide({ principal, command: 'get', effect: 'reveal', project: 'p', key: 'K' }).allow).toBeFalse()
    const question = { principal: token({}), command: 'get', effect: 'reveal', project: 'p', key: 'K' } as const
    expect(policyFor(principal).decide(question).allow).toBeFalse()
  }
})
