// What is handed to the second process of `run --redact`: whole or refused.
import { expect, test } from 'bun:test'
import { parseBlock, printBlock } from '../../src/guard/launch-block.ts'
import type { LaunchBlock } from '../../src/guard/launch-block.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

const BLOCK: LaunchBlock = {
  file: '/usr/bin/prög',
  argv: [bytes('prog'), bytes(''), bytes('a\nb')],
  entries: [bytes('A=1'), bytes('RAW=\xff\x80')],
  files: [{ name: 'FILE', value: bytes('x\0y') }],
  moves: [
    [4, 0],
    [5, 2],
  ],
  terminal: bytes('settings'),
  parent: 4_000_000,
}

test('comes out as it went in', () => {
  expect(parseBlock(printBlock(BLOCK))).toEqual(BLOCK)
  const least = { ...BLOCK, argv: [], entries: [], files: [], moves: [], terminal: bytes('') }
  expect(parseBlock(printBlock(least))).toEqual(least)
})

test('one that is cut off is refused, wherever', () => {
  const whole = printBlock(BLOCK)
  for (let size = 0; size < whole.length; size++) expect(() => parseBlock(whole.subarray(0, size))).toThrow(RangeError)
})

test('sizes that cannot be are refused without taking the memory', () => {
  for (let at = 0; at + 4 <= 40; at++) {
    const changed = printBlock(BLOCK)
    changed.fill(0xff, at, at + 4)
    try {
      parseBlock(changed)
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError)
    }
  }
})
