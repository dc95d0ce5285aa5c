// A new passphrase: typed twice, judged, and from a source only warned about.
import { describe, expect, test } from 'bun:test'
import { newPassphrase } from '../../src/context/new-passphrase.ts'
import { Taken } from '../../src/context/passphrase.ts'
import { failureOf } from '../failure.ts'
import { nobody, person } from './fixture.ts'
import type { Ask } from '../../src/commands/context.ts'

const GOOD = 'plover drum cinder maple'

async function make(ask: Ask, options: { variables?: Record<string, string>; force?: boolean } = {}) {
  const environment = options.variables ?? {}
  const taken = await Taken.fromEnvironment(environment)
  const notes: string[] = []
  const secret = await newPassphrase({ environment, taken, directory: '/none' }, 'TVAULT_PASSPHRASE', {
    ask,
    note: (text) => void notes.push(text),
    force: options.force ?? false,
  })
  return { text: Buffer.from(secret.reveal()).toString(), notes }
}

describe('W23: typed', () => {
  test('a good one twice, with a word about it that does not hold it', async () => {
    const { text, notes } = await make(person([GOOD, GOOD]))
    expect(text).toBe(GOOD)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toMatch(/^strength: .* bits\)$/)
    expect(notes.join()).not.toContain('plover')
  })

  test('empty, trivial and unequal ones may be tried again, three times', async () => {
    expect((await make(person(['', 'password', GOOD, GOOD]))).text).toBe(GOOD)
    const ask = person([GOOD, 'another', GOOD, 'another', GOOD, 'another', GOOD, GOOD])
    const { kind, message } = await failureOf(() => make(ask))
    expect([kind, message, ask.questions.length]).toEqual(['usage', 'the two passphrases are not the same', 6])
  })

  test('a trivial one is taken when forced, an empty one never', async () => {
    expect((await make(person(['x', 'x']), { force: true })).text).toBe('x')
    expect((await failureOf(() => make(person(['', '', '']), { force: true }))).message).toContain('empty')
  })

  test('Ctrl-C ends it', async () => expect((await failureOf(() => make(person([GOOD])))).kind).toBe('cancelled'))
})

describe('from a source', () => {
  test('nobody is asked; a trivial one is warned about unless forced', async () => {
    const variables = { TVAULT_PASSPHRASE: 's' }
    const { text, notes } = await make(nobody, { variables })
    expect([text, notes.length]).toEqual(['s', 1])
    expect(notes[0]).toStartWith('warning: ')
    expect((await make(nobody, { variables, force: true })).notes).toEqual([])
    expect((await make(nobody, { variables: { TVAULT_PASSPHRASE: GOOD } })).notes).toEqual([])
  })

  test('no source and nobody there is locked', async () => {
    expect((await failureOf(() => make(nobody))).kind).toBe('locked')
  })
})
