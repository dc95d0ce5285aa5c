// Protocol v1 in the words of the peer, whose clients look for them; and values that JSON text would damage are refused.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { text, utf8 } from '../../../src/lib/bytes.ts'
import {
  MAX_REQUEST_BYTES,
  V1Refusal,
  checkRequest,
  jsonString,
  parseRequest,
  refusal,
  reply,
  secretsReply,
  valueReply,
} from '../../../src/modes/agent/v1.ts'

/** What is answered to `line` before anything is done: a refusal, or `fine`. */
function answer(line: string | Uint8Array): string {
  try {
    checkRequest(parseRequest(typeof line === 'string' ? utf8(line) : line))
    return 'fine'
  } catch (error) {
    if (error instanceof V1Refusal) return error.message
    throw error
  }
}

const NO_OTHER = { project: '', key: '', only: [], prefix: '', token: '' }

describe('requests', () => {
  const cases: [string | Uint8Array, string][] = [
    ['', 'invalid request'],
    [' ', 'invalid request'],
    ['nonsense', 'invalid request'],
    ['[]', 'invalid request'],
    ['null', 'invalid request'],
    ['3', 'invalid request'],
    ['{"v":1,"op":"status"} trailing', 'invalid request'],
    ['{"v":"1"}', 'invalid request'],
    ['{"v":1.5}', 'invalid request'],
    [Uint8Array.of(0x7b, 0xff, 0x7d), 'invalid request'],
    ['{}', 'protocol version mismatch: client 0, server 1'],
    ['{"v":2,"op":"nope"}', 'protocol version mismatch: client 2, server 1'],
    ['{"v":-1}', 'protocol version mismatch: client -1, server 1'],
    ['{"v":1,"op":3}', 'invalid request'],
    ['{"v":1,"op":"get","key":[]}', 'invalid request'],
    ['{"v":1,"op":"getselected","only":"A"}', 'invalid request'],
    ['{"v":1,"op":"getselected","only":[1]}', 'invalid request'],
    ['{"v":1,"op":"get"}', 'get requires a key'],
    ['{"v":1,"op":"getselected"}', 'getselected requires only or prefix'],
    ['{"v":1,"op":"getselected","only":[]}', 'getselected requires only or prefix'],
    ['{"v":1,"op":"getselected","only":["A"],"key":"B"}', 'getselected does not accept key'],
    ['{"v":1,"op":"getselected","key":"B"}', 'getselected does not accept key'],
    ['{"v":1,"op":"getselected","only":["bad key"]}', 'invalid selected key: bad key'],
    ['{"v":1,"op":"getselected","prefix":"-"}', 'invalid selected prefix: -'],
    ['{"v":1,"op":"getselected","only":["A"],"prefix":"B_"}', 'fine'],
    ['{"v":1,"op":"getall"}\r', 'fine'],
    ['{"v":1,"op":"status","more":{"x":[1]}}', 'fine'],
  ]
  test.each(cases)('%s: %s', (line, expected) => expect(answer(line)).toBe(expected))

  test('the line with its line feed may have 65,536 bytes', () => {
    const line = (size: number): string => `{"v":1,"op":"status","x":"${'y'.repeat(size - 28)}"}`
    expect(line(100)).toHaveLength(100)
    expect(answer(line(MAX_REQUEST_BYTES - 1))).toBe('fine')
    expect(answer(line(MAX_REQUEST_BYTES))).toBe('request too large')
  })

  test('names of fields are matched without regard to case, and null is nothing', () => {
    expect(parseRequest(utf8('{"V":1,"OP":"get","Key":"A","PROJECT":null,"ToKen":"t"}'))).toEqual({
      ...NO_OTHER,
      op: 'get',
      key: 'A',
      token: 't',
    })
  })

  test('names that objects have by themselves are not taken for fields', () => {
    expect(parseRequest(utf8('{"v":1,"op":"status","__proto__":{"key":"K"},"constructor":1}'))).toEqual({
      ...NO_OTHER,
      op: 'status',
    })
  })

  test('any bytes: a request or a refusal', () => {
    const line = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.jsonValue().map((json) => utf8(JSON.stringify(json))),
      fc
        .record({ v: fc.constant(1), op: fc.jsonValue(), only: fc.jsonValue() })
        .map((json) => utf8(JSON.stringify(json))),
    )
    fc.assert(
      fc.property(line, (bytes) => typeof answer(bytes) === 'string'),
      { numRuns: 200 },
    )
  })
})

describe('replies', () => {
  test('are one line of JSON, version and ok first', () => {
    expect(text(reply({ project: 'web' }))).toBe('{"v":1,"ok":true,"project":"web"}\n')
    expect(text(refusal('no\n"x"'))).toBe('{"v":1,"ok":false,"error":"no\\n\\"x\\""}\n')
    expect(text(valueReply(utf8('"x"')))).toBe('{"v":1,"ok":true,"value":"x"}\n')
  })

  test('secrets keep their order and odd names', () => {
    const value = (words: string): Uint8Array => jsonString('K', utf8(words))
    const secrets = [
      { key: 'A', value: value('1') },
      { key: '__proto__', value: value('"\\\n') },
    ]
    const line = text(secretsReply(secrets, { project: 'p' })) ?? ''
    expect(line).toBe('{"v":1,"ok":true,"secrets":{"A":"1","__proto__":"\\"\\\\\\u000a"},"project":"p"}\n')
    expect(text(secretsReply(secrets.slice(0, 1), {}))).toBe('{"v":1,"ok":true,"secrets":{"A":"1"}}\n')
  })

  test('any text comes back from JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('a"\\/\n\0\u001f\u007fé日\u2028𝄞')) }), (words) => {
        const bytes = utf8(words)
        expect(JSON.parse(text(jsonString('K', bytes)) ?? '')).toBe(words)
      }),
    )
  })

  test('what is not UTF-8 is refused instead of being damaged', () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0x61, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
      expect(() => jsonString('K', Uint8Array.from(bytes))).toThrow('protocol 1 cannot carry')
    }
  })
})
