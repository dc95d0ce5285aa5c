// Arguments and results of the vault's methods as the JSON of a head plus binary parts, and back. What JSON cannot say
// is an object with one `$` key: `$secret` and `$bytes` are indexes of parts, `$integer` is a big integer in digits, `$absent`
// is undefined. No other object may have a key that begins with `$`, so nothing a stranger sends is taken for one.
import { Secret } from '../../lib/secret.ts'
import { ProtocolFault } from './frames.ts'

/** Nothing of ours is nested deeper than this; what a stranger nests must not use up the stack. */
const MAX_DEPTH = 16

/** `value` as JSON, with the bytes of its Secrets and arrays added to `parts` as views: send before they are wiped. */
export function pack(value: unknown, parts: Uint8Array[]): unknown {
  if (value === undefined) return { $absent: true }
  if (typeof value === 'bigint') return { $integer: value.toString() }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a number that JSON cannot say')
  if (value instanceof Secret) return { $secret: parts.push(value.reveal()) - 1 }
  if (value instanceof Uint8Array) return { $bytes: parts.push(value) - 1 }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => pack(item, parts))
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      if (name.startsWith('$')) throw new TypeError('a key that begins with $ cannot be packed')
      return item === undefined ? [] : [[name, pack(item, parts)]]
    }),
  )
}

/**
 * What `pack` was given; Secrets own their bytes. Each part must be used, and once: bytes with two owners would be
 * zeroed under one of them, bytes with none would stay behind. Throws ProtocolFault.
 */
export function unpack(json: unknown, parts: readonly Uint8Array[]): unknown {
  const used = new Set<number>()
  const value = unpackOne(json, parts, used, 0)
  if (used.size !== parts.length) throw new ProtocolFault('a part that nobody uses')
  return value
}

function unpackOne(json: unknown, parts: readonly Uint8Array[], used: Set<number>, depth: number): unknown {
  if (typeof json !== 'object' || json === null) return json
  if (depth > MAX_DEPTH) throw new ProtocolFault('nested too deep')
  const inner = (item: unknown): unknown => unpackOne(item, parts, used, depth + 1)
  if (Array.isArray(json)) return json.map(inner)
  const entries = Object.entries(json)
  const marked = entries.find(([name]) => name.startsWith('$'))
  if (!marked) return Object.fromEntries(entries.map(([name, item]) => [name, inner(item)]))
  const [kind, detail] = marked
  if (entries.length !== 1) throw new ProtocolFault('a mark among other keys')
  if (kind === '$absent' && detail === true) return undefined
  if (kind === '$integer' && typeof detail === 'string' && /^-?\d{1,40}$/.test(detail)) return BigInt(detail)
  const part = typeof detail === 'number' ? parts[detail] : undefined
  if (typeof detail !== 'number' || !part || (kind !== '$secret' && kind !== '$bytes')) {
    throw new ProtocolFault('an unknown mark')
  }
  if (used.has(detail)) throw new ProtocolFault('a part that is used twice')
  used.add(detail)
  return kind === '$secret' ? new Secret(part) : part
}
