import { expect, test } from 'bun:test'
import { Secret } from '../../../src/lib/secret.ts'
import { toJson } from '../../../src/modes/cli/print.ts'

const secret = (...bytes: number[]) => new Secret(Uint8Array.from(bytes))
const back = (data: unknown, mayReveal: boolean): unknown => JSON.parse(toJson(data, mayReveal))

test('a secret is opened only when it may be', () => {
  const data = { key: 'K', value: Secret.fromText('hunter2'), list: [Secret.fromText('hunter2')] }
  expect(toJson(data, false)).not.toContain('hunter2')
  expect(back(data, false)).toEqual({ key: 'K', value: '[secret]', list: ['[secret]'] })
  expect(back(data, true)).toEqual({ key: 'K', value: 'hunter2', list: ['hunter2'] })
})

test('bytes that are not UTF-8 come as base64, and the object says so', () => {
  expect(back({ key: 'K', value: secret(0x61, 0, 0xff, 0xfe) }, true)).toEqual({
    key: 'K',
    value: 'YQD//g==',
    encoding: 'base64',
  })
  expect(back({ key: 'K', value: secret(0x61, 0, 0xc3, 0xa9) }, true)).toEqual({ key: 'K', value: 'a\0é' })
  expect(back({ key: 'K', value: secret() }, true)).toEqual({ key: 'K', value: '' })
})

test('two blanks deep; nothing undefined; big numbers are not rounded', () => {
  expect(toJson({ a: [1], b: undefined, c: null }, false)).toBe('{\n  "a": [\n    1\n  ],\n  "c": null\n}')
  expect(back({ small: 7n, big: 1_764_000_000_123_456_789n }, false)).toEqual({ small: 7, big: '1764000000123456789' })
  expect(back([], false)).toEqual([])
})
