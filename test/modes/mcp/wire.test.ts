// Lines of an MCP client: cut at any place, too long, or no messages at all.
import { expect, test } from 'bun:test'
import { Lines, readLine } from '../../../src/modes/mcp/wire.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const texts = (lines: (Uint8Array | undefined)[]) => lines.map((line) => line && new TextDecoder().decode(line))

test('lines come out whole wherever they were cut', () => {
  const whole = bytes('{"a":"é"}\n\n{"b":2}\n{"c"')
  for (let size = 1; size <= whole.length; size++) {
    const lines = new Lines()
    const found: (string | undefined)[] = []
    for (let at = 0; at < whole.length; at += size) found.push(...texts(lines.push(whole.slice(at, at + size))))
    expect(found).toEqual(['{"a":"é"}', '', '{"b":2}'])
  }
})

test('a line that is too long is reported once and skipped to its end', () => {
  for (const size of [1, 3, 7, 100]) {
    const lines = new Lines(8)
    const whole = bytes(`12345678\n${'x'.repeat(40)}\nshort\n`)
    const found: (string | undefined)[] = []
    for (let at = 0; at < whole.length; at += size) found.push(...texts(lines.push(whole.slice(at, at + size))))
    expect(found).toEqual(['12345678', undefined, 'short'])
  }
})

test.each([
  ['{"jsonrpc":"2.0","id":1,"method":"ping"}', undefined],
  ['{"jsonrpc":"2.0","method":"notifications/x","params":{}}', undefined],
  ['{"jsonrpc":"2.0","id":"a","result":{}}', undefined],
  ['{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":""}}', undefined],
  ['nonsense', -32700],
  ['{"jsonrpc":"2.0"', -32700],
  ['[]', -32600],
  ['null', -32600],
  ['"x"', -32600],
  ['{"id":1,"method":"ping"}', -32600],
  ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600],
  ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","params":7}', -32600],
  ['{"jsonrpc":"2.0","id":1}', -32600],
])('%s', (line, code) => {
  const said = readLine(bytes(line))
  if (code === undefined) expect(said).toHaveProperty('message')
  else expect(said).toMatchObject({ answer: { jsonrpc: '2.0', error: { code } } })
})

test('an empty line says nothing, bytes that are no text are no JSON, a long line is told', () => {
  expect(readLine(bytes('  \r'))).toBeUndefined()
  expect(readLine(new Uint8Array([255, 254]))).toMatchObject({ answer: { error: { code: -32700 } } })
  expect(readLine(undefined)).toMatchObject({ answer: { error: { code: -32600 }, id: null } })
})

test('an answer names the request when it can be told which', () => {
  expect(readLine(bytes('{"id":7,"method":"ping"}'))).toMatchObject({ answer: { id: 7 } })
})

test('the bytes of a line are wiped when it was read', () => {
  const line = bytes('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"value":"x"}}')
  readLine(line)
  expect(line.every((byte) => byte === 0)).toBe(true)
})
