// What the vault's methods take and give travels unchanged, and nothing that was sent is taken for a mark of ours.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { utf8 } from '../../../src/lib/bytes.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { ProtocolFault } from '../../../src/modes/agent/frames.ts'
import { pack, unpack } from '../../../src/modes/agent/pack.ts'

/** Over the wire and back. */
function travel(value: unknown): unknown {
  const parts: Uint8Array[] = []
  const json: unknown = JSON.parse(JSON.stringify(pack(value, parts)))
  return unpack(
    json,
    parts.map((part) => part.slice()),
  )
}

/** With secrets as text, so that two values can be compared. */
function shown(value: unknown): unknown {
  if (value instanceof Secret) return `secret ${Buffer.from(value.reveal()).toString('latin1')}`
  if (typeof value === 'bigint') return `integer ${value}`
  if (value instanceof Uint8Array) return `bytes ${value.toHex()}`
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shown(item)]))
}

const names = fc.oneof(
  fc.stringMatching(/^[^$]{0,6}$/),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'then'),
)
const { values } = fc.letrec((tie) => ({
  values: fc.oneof(
    { depthSize: 'small' },
    fc.boolean(),
    fc.integer(),
    fc.string(),
    fc.constant(null),
    fc.bigInt(-(2n ** 64n), 2n ** 64n),
    fc.uint8Array({ maxLength: 9 }),
    fc.uint8Array({ maxLength: 9 }).map((bytes) => new Secret(bytes)),
    fc.array(tie('values'), { maxLength: 4 }),
    fc.array(fc.tuple(names, tie('values')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
}))

describe('round trip', () => {
  test('of everything that methods take and give', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(shown(travel(value))).toEqual(shown(value))
      }),
      { numRuns: 300 },
    )
  })

  test('of undefined: alone and in lists it stays, as a property it is absent', () => {
    expect(travel(undefined)).toBeUndefined()
    expect(travel(['web', undefined, 2])).toEqual(['web', undefined, 2])
    expect(Object.keys(travel({ a: undefined, b: 1 }) as object)).toEqual(['b'])
  })

  test('a name like __proto__ is a name, and changes no prototype', () => {
    const got = travel(JSON.parse('{"__proto__":{"allow":true},"a":1}')) as Record<string, unknown>
    expect(Object.keys(got)).toEqual(['__proto__', 'a'])
    expect(got['allow']).toBeUndefined()
    expect(({} as Record<string, unknown>)['allow']).toBeUndefined()
  })

  test('what JSON would change silently is refused', () => {
    for (const value of [Number.NaN, Infinity, -Infinity]) expect(() => pack({ value }, [])).toThrow(TypeError)
    expect(() => pack({ $secret: 0 }, [])).toThrow(TypeError)
    expect(() => pack([{ a: { $x: 1 } }], [])).toThrow(TypeError)
  })
})

describe('what a stranger sends', () => {
  const part = utf8('value')
  const cases: [string, unknown, readonly Uint8Array[]][] = [
    ['an unknown mark', { $file: '/etc/passwd' }, []],
    ['a mark among other keys', { $secret: 0, a: 1 }, [part]],
    ['other keys before a mark', { a: 1, $secret: 0 }, [part]],
    ['a part that is not there', { $secret: 1 }, [part]],
    ['a negative part', { $secret: -1 }, [part]],
    ['half a part', { $secret: 0.5 }, [part]],
    ['a part by name', { $secret: 'length' }, [part]],
    ['a part by its number as text', { $secret: '0' }, [part]],
    ['a part twice', [{ $secret: 0 }, { $secret: 0 }], [part]],
    ['a part as secret and as bytes', [{ $secret: 0 }, { $bytes: 0 }], [part]],
    ['a part that nobody uses', [], [part]],
    ['an integer that is none', { $integer: '12x' }, []],
    ['an integer in hex', { $integer: '0x10' }, []],
    ['an integer that is long', { $integer: '9'.repeat(41) }, []],
    ['an integer that is a number', { $integer: 1 }, []],
    ['an absence that is none', { $absent: 1 }, []],
    ['nesting', JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`), []],
    ['nesting of objects', JSON.parse(`${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`), []],
  ]
  test.each(cases)('%s is a fault', (_, json, parts) => {
    expect(() => unpack(json, parts)).toThrow(ProtocolFault)
  })

  test('any JSON at all: a value or a fault', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          unpack(json, [])
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolFault)
        }
      }),
    )
  })
})
