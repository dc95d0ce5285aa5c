// The result of a command as data that JSON can say, the same for every way in. A door: values are opened here when the
// command's effect is reveal, and are marks otherwise.
import { text, toBase64 } from './bytes.ts'
import { Secret } from './secret.ts'

const MEMBER = { enumerable: true, configurable: true, writable: true } as const

/**
 * `data` without Secrets: opened when they may be, else as a mark. A bigint becomes a number, or text where a number
 * would round it. A Secret that is not valid UTF-8 becomes base64, and the object that holds it says so with
 * `encoding: "base64"`. What is undefined is left out.
 */
export function plainOf(data: unknown, mayReveal: boolean): unknown {
  if (typeof data === 'bigint') return BigInt(Number(data)) === data ? Number(data) : String(data)
  if (data instanceof Secret) return mayReveal ? (text(data.reveal()) ?? toBase64(data.reveal())) : String(data)
  if (Array.isArray(data)) return data.map((item) => plainOf(item, mayReveal))
  if (typeof data !== 'object' || data === null) return data
  const object: Record<string, unknown> = {}
  let binary = false
  for (const name of Object.keys(data)) {
    const value = (data as Record<string, unknown>)[name]
    if (value === undefined) continue
    binary ||= mayReveal && value instanceof Secret && text(value.reveal()) === undefined
    // Defined, not assigned: a member called __proto__ stays a member.
    const plain = plainOf(value, mayReveal)
    if (name === '__proto__') Object.defineProperty(object, name, { ...MEMBER, value: plain })
    else object[name] = plain
  }
  return binary ? { ...object, encoding: 'base64' } : object
}
