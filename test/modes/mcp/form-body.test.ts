// A form that a browser sent, as bytes: every byte of a passphrase comes through, nothing is left behind, and what is no form
// is refused as a whole.
import { expect, test } from 'bun:test'
import { formFields } from '../../../src/modes/mcp/form-body.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

test('fields are taken as a browser writes them', () => {
  const every = String.fromCodePoint(...Array.from({ length: 0x2ff }, (_, i) => i + 1), 0x1f511)
  const fields = formFields(bytes(new URLSearchParams({ passphrase: every, word: '' }).toString()))
  expect(Buffer.from(fields?.get('passphrase') ?? []).toString()).toBe(every)
  expect(fields?.get('word')).toEqual(new Uint8Array(0))
  expect(Buffer.from(formFields(bytes('a=%ff%0A+%2b'))?.get('a') ?? []).toString('latin1')).toBe('\xff\n +')
})

test.each(['', 'a', '=x', 'a=%', 'a=%4', 'a=%4g', 'a=1&a=2', 'A=1', 'a=1&', '%61=1', '__proto__=1', 'a=1&b'])(
  '%p is no form',
  (body) => expect(formFields(bytes(body))).toBeUndefined(),
)

test('more fields than a form of ours has are none', () => {
  const body = (count: number) => Array.from({ length: count }, (_, i) => `${'abcdefghij'[i]}=1`).join('&')
  expect(formFields(bytes(body(8)))?.size).toBe(8)
  expect(formFields(bytes(body(9)))).toBeUndefined()
})

test('the body is wiped, taken or not', () => {
  for (const text of ['passphrase=secret', 'passphrase=secret&x=%']) {
    const body = bytes(text)
    formFields(body)
    expect(body.every((byte) => byte === 0)).toBe(true)
  }
})
