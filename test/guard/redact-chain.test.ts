// Redactors made in steps, revoked, and one behind the other.
import { expect, test } from 'bun:test'
import { Redactor } from '../../src/guard/redact.ts'
import { RedactorChain } from '../../src/guard/redact-chain.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { failure } from '../failure.ts'

const [LONG, SHORT] = ['postgres://me:hJ7-kQ2_wX9@db/shop', 'hJ7-kQ2_wX9']
const named = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, value]) => ({ name, value: Secret.fromText(value) }))
const among = (values: Readonly<Record<string, string>>): Promise<Redactor> =>
  Redactor.among(named(values), async () => undefined)

/** All of what comes out when `words` go in in pieces of `size`. */
function through(redactor: Redactor | RedactorChain, words: string, size = 7): string {
  const bytes = utf8(words)
  let out = ''
  for (let at = 0; at < bytes.length; at += size) out += text(redactor.push(bytes.slice(at, at + size))) ?? ''
  return out + (text(redactor.end()) ?? '')
}

test('one that is made in steps finds what one made at once does', async () => {
  let pauses = 0
  const values = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`K${i}`, `value-${i}-${LONG}`]))
  const redactor = await Redactor.among(named(values), async () => void (pauses += 1))
  expect(pauses).toBeGreaterThan(1)
  expect(through(redactor.another(), `a ${values['K0']} b ${values['K99']} c`)).toBe(
    'a [REDACTED:K0] b [REDACTED:K99] c',
  )
  redactor.end()
})

test('what has no name is taken out without one, and what can be guessed is left', async () => {
  expect(through(await among({ '': LONG, PIN: '4711', WORD: 'password' }), `${LONG} 4711 password`)).toBe(
    '[REDACTED] 4711 password',
  )
})

test('when the tables are revoked nothing passes any more, not even what was held', async () => {
  const base = await among({ KEY: LONG })
  const [held, fresh] = [base.another(), base.another()]
  expect(text(held.push(utf8(`x ${LONG.slice(0, 9)}`)))).toBe('x ')
  base.revoke()
  for (const act of [() => held.push(utf8('y')), () => fresh.push(utf8(LONG)), () => base.another()]) {
    expect(failure(act)).toMatchObject({ kind: 'locked' })
  }
  expect([held.end().length, fresh.end().length]).toEqual([0, 0])
})

test('the first of a chain sees what is whole, the second what it does not know', async () => {
  const first = await among({ LONG, SHORT })
  const chain = new RedactorChain(first.another(), new Redactor(named({ SHORT, OTHER: 'other-9Xv4Tn8Kd' })))
  const errors = chain.another()
  expect(through(chain, `${LONG} ${SHORT} other-9Xv4Tn8Kd`)).toBe('[REDACTED:LONG] [REDACTED:SHORT] [REDACTED:OTHER]')
  expect(chain.redactions).toBe(3)
  expect(chain.end()).toHaveLength(0)
  expect(through(errors, 'other-9Xv4Tn8Kd', 3)).toBe('[REDACTED:OTHER]')
})
