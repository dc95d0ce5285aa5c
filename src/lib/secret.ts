// A value that cannot be printed by accident. It holds bytes, shows `[secret]` to every printer, and is
// opened only at the doors listed in test/house/doors.test.ts. Whoever creates one wipes it, or hands it on.

const MASK = '[secret]'

export class Secret {
  #bytes: Uint8Array

  /** Takes ownership of `bytes`: the caller must not keep, change or print them afterwards. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Copies UTF-8 text into a Secret. The string itself cannot be wiped, so keep its life short. */
  static fromText(text: string): Secret {
    return new Secret(new TextEncoder().encode(text))
  }

  /** Length in bytes. */
  get size(): number {
    return this.#bytes.length
  }

  /** The bytes themselves, not a copy: valid until `wipe`. Only doors call this. */
  reveal(): Uint8Array {
    return this.#bytes
  }

  /** Overwrites the bytes with zeros and forgets them. Safe to call twice. */
  wipe(): void {
    this.#bytes.fill(0)
    this.#bytes = new Uint8Array(0)
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK
  }
}

/** Every Secret inside plain objects and arrays, however deep. */
export function secretsIn(value: unknown): Secret[] {
  const found: Secret[] = []
  collect(value, found, new Set())
  return found
}

/** This is asked of every result, so no list of members is made, and only what can be a part of a circle is remembered. */
function collect(value: unknown, found: Secret[], seen: Set<object>): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Secret) found.push(value)
  else if (Array.isArray(value)) {
    if (seen.has(value)) return
    seen.add(value)
    for (const inner of value) collect(inner, found, seen)
  } else if (!ArrayBuffer.isView(value)) {
    let known = false
    for (const name in value) {
      const inner = (value as Record<string, unknown>)[name]
      if (typeof inner !== 'object' || inner === null) continue
      if (!known && seen.has(value)) return
      if (!known) seen.add(value)
      known = true
      collect(inner, found, seen)
    }
  }
}
