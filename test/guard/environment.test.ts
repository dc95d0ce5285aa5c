// What a child may inherit and be given.
import { describe, expect, test } from 'bun:test'
import { childEnvironment, isInheritable, MAX_ENTRY_BYTES, tooMuch } from '../../src/guard/environment.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const secret = (name: string, value: string | Uint8Array) => ({
  name,
  value: new Secret(typeof value === 'string' ? bytes(value) : value),
})
const texts = (entries: readonly Uint8Array[]) => entries.map((entry) => Buffer.from(entry).toString('latin1'))

describe('inheriting', () => {
  test.each([
    'TVAULT_PASSPHRASE',
    'TVAULT_PASSPHRASE_FILE',
    'TVAULT_PASSPHRASE_COMMAND',
    'TVAULT_NEW_PASSPHRASE',
    'TVAULT_AGENT_TOKEN',
    'TVAULT_IDENTITY_KEY',
    'TVAULT_SOMETHING_NEW',
    'BUN_OPTIONS',
    'BUN_BE_BUN',
    'BUN_INSPECT',
    'BUN_INSPECT_PRELOAD',
  ])('%s never reaches a child', (name) => expect(isInheritable(name, false)).toBeFalse())

  test.each(['PATH', 'TVAULT_DIR', 'TVAULT_CONFIG', 'NODE_OPTIONS', 'BUN_INSTALL', 'NO_COLOR', 'X_TVAULT_Y'])(
    '%s does',
    (name) => expect(isInheritable(name, false)).toBeTrue(),
  )

  test('a clean one keeps four', () => {
    expect(['PATH', 'HOME', 'TERM', 'LANG', 'USER', 'TVAULT_DIR'].filter((name) => isInheritable(name, true))).toEqual([
      'PATH',
      'HOME',
      'TERM',
      'LANG',
    ])
  })
})

describe('entries', () => {
  test('injected ones win, bytes stay bytes, equals signs and line ends stay', () => {
    const inherited = [
      { name: 'A', value: bytes('old') },
      { name: 'B', value: Uint8Array.of(0xff, 0xfe) },
      { name: 'TVAULT_PASSPHRASE', value: bytes('p') },
    ]
    const entries = childEnvironment(inherited, [secret('A', 'x=y\nz'), secret('C', Uint8Array.of(0x80))], false)
    expect(texts(entries)).toEqual(['B=\xff\xfe', 'A=x=y\nz', 'C=\x80'])
  })

  test('a NUL byte or too many bytes name the key and never the value', () => {
    for (const value of ['topsecret\0', `topsecret${'x'.repeat(MAX_ENTRY_BYTES)}`]) {
      let failure: unknown
      try {
        childEnvironment([], [secret('GOOD', 'v'), secret('BAD_ONE', value)], false)
      } catch (error) {
        failure = error
      }
      expect(failure).toBeInstanceOf(Failure)
      expect(JSON.stringify(failure)).toContain('BAD_ONE')
      expect(JSON.stringify(failure)).not.toContain('topsecret')
    }
  })

  test('the biggest that fits is taken', () => {
    const size = MAX_ENTRY_BYTES - 'BIG='.length - 1
    expect(childEnvironment([], [secret('BIG', new Uint8Array(size).fill(120))], false)).toHaveLength(1)
    expect(() => childEnvironment([], [secret('BIG', new Uint8Array(size + 1).fill(120))], false)).toThrow('BIG')
  })

  test('names that are no keys are refused', () => {
    for (const name of ['A=B', '', 'A B', '1A'])
      expect(() => childEnvironment([], [secret(name, '')], false)).toThrow(Failure)
  })
})

test('too much as a whole names the biggest', () => {
  const sizes = ['A', 'B', 'C', 'D'].map((name, i) => ({ name, bytes: i * 1000 }))
  expect(tooMuch(sizes).message).toContain('D (3000 bytes), C (2000 bytes), B (1000 bytes)')
  expect(tooMuch(sizes).message).not.toContain('A (')
})
