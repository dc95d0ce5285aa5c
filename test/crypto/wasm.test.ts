// What is in the WASM modules: code, and nothing that wiping would destroy or that could name a machine.
import { expect, test } from 'bun:test'
import { moduleBytes } from './memory.ts'

/** Numbers of the sections of a module, by the format of the WebAssembly specification (section 5.5). */
function sections(bytes: Uint8Array): number[] {
  const found: number[] = []
  for (let at = 8; at < bytes.length;) {
    found.push(bytes[at++]!)
    let size = 0
    for (let shift = 0, more = true; more; shift += 7) {
      size |= (bytes[at]! & 0x7f) << shift
      more = bytes[at++]! >= 0x80
    }
    at += size
  }
  return found
}

test.each(['aead', 'argon2'] as const)(
  '%s has no data that wiping would destroy, no names, no start function',
  (name) => {
    const found = sections(moduleBytes(name))
    expect(found).toContain(10)
    for (const unwanted of [0, 8, 11, 12]) expect(found).not.toContain(unwanted)
  },
)

test('the only import is the memory of argon2; that of aead is its own, is not shared and cannot grow', () => {
  const argon2 = new WebAssembly.Module(moduleBytes('argon2'))
  expect(WebAssembly.Module.imports(argon2)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }])
  const aead = new WebAssembly.Module(moduleBytes('aead'))
  expect(WebAssembly.Module.imports(aead)).toEqual([])
  const memory = new WebAssembly.Instance(aead).exports['memory'] as WebAssembly.Memory
  expect(memory.buffer).toBeInstanceOf(ArrayBuffer)
  expect(() => memory.grow(1)).toThrow(RangeError)
})
