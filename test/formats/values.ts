// Values for the tests of this room: any bytes, and texts made of the pieces on which parsers and shells trip.
import fc from 'fast-check'
import { Secret } from '../../src/lib/secret.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import type { Printable } from '../../src/formats/writer.ts'

const PIECES = [
  'a',
  'Z9',
  ' ',
  '\t',
  '\n',
  '\r',
  '\r\n',
  "'",
  '"',
  '\\',
  '\\n',
  '\\$',
  '$',
  '$HOME',
  '${X}',
  '$(exit 3)',
  '`exit 3`',

  '#',
  ' #',
  '=',
  ';',
  '&',
  '|',
  '~',
  '!',
  '*',
  '-',
  '{',
  '}',
  'export A=1',
  '\nB=2\n',
  '\u00a0',
  '\u2028',
  '\u3000',
  '\ufeff',
  '\u0085',
  'é',
  '🔑',
  '\u000b',
  '\u000c',
  '\u007f',
  '%',
  ',',
  '+',
  ':',
  '//',
  '@',
  '_',
  '-----BEGIN PRIVATE KEY-----\n',
]

const tricky = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => utf8(pieces.join('')))

/** Any bytes, and tricky texts more often than chance would make them. */
export const anyValue: fc.Arbitrary<Uint8Array> = fc.oneof(
  tricky,
  fc.uint8Array({ maxLength: 12 }),
  fc.uint8Array({ maxLength: 300 }),
)

/** What an environment variable can hold: no NUL byte. */
export const shellValue = anyValue.map((value) => value.filter((byte) => byte !== 0))

export const anyKey = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,11}$/)

/** Entries as the printers take them, from plain values. */
export function printables(values: Record<string, Uint8Array | string>): Printable[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? Secret.fromText(value) : new Secret(value.slice()),
  }))
}

/** The text of a printed Secret, for comparing. */
export function shown(secret: Secret): string {
  return new TextDecoder().decode(secret.reveal())
}
