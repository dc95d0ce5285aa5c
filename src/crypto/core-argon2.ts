// The TypeScript side of wasm/argon2.ts, where the order of calls and the memory map are written down.
// Whatever happens inside, the memory is all zeros again when `derive` returns or throws.

const PAGE = 65_536
/** The strongest allowed parameters need 2 GiB; the rest is room for scratch and inputs. */
const MAX_PAGES = (2 ** 31 + 2 ** 23) / PAGE
const SLICES = 4
const NOTHING = new Uint8Array(0)
/** Lanes filled together. Two hide most of the memory's latency; more only push each other out of the cache. */
const LANES_TOGETHER = 2
/** CPU time: compiled code needs half a millisecond for one MiB, one and a half with its compilation, interpreted code 16. */
const PATIENCE_MS_PER_MIB = 6
/** It is judged each time so much was filled: less is over too soon to be measured. */
const JUDGED_MIB = 4
/** One slow time may be the compiler's or a busy machine's; interpreted code is slow every time. */
const SLOW_TIMES = 3

/** Everything that Argon2id hashes. `secret` is the K of RFC 9106, `associated` its X. */
export interface Argon2Inputs {
  password: Uint8Array
  salt: Uint8Array
  secret?: Uint8Array
  associated?: Uint8Array
}

/** How much work: memory in KiB (at least 8 for each lane), passes over it, and lanes that could be filled in parallel. */
export interface Argon2Work {
  memoryKib: number
  passes: number
  lanes: number
}

export interface Argon2Core {
  /**
   * `length` bytes (4 … 1024) of Argon2id; undefined when the first slice shows that this runtime only interprets WASM.
   * Throws RangeError when a parameter is out of range or the memory cannot be had.
   */
  derive(inputs: Argon2Inputs, work: Argon2Work, length: number): Uint8Array | undefined
  /** For tests, which read it. */
  readonly memory: WebAssembly.Memory
}

interface Exports {
  bytesNeeded(memoryKib: number, lanes: number, inputSize: number): bigint
  inputAt(lanes: number): number
  tagAt(): number
  begin(
    memoryKib: number,
    passes: number,
    lanes: number,
    tagSize: number,
    passwordSize: number,
    saltSize: number,
    secretSize: number,
    associatedSize: number,
  ): number
  fillSlice(pass: number, slice: number, first: number, end: number): void
  finish(): void
}

/** Starts the module in `bytes` on a memory of its own. Throws where the runtime cannot. */
export function openArgon2(bytes: Uint8Array<ArrayBuffer>, patienceMsPerMib = PATIENCE_MS_PER_MIB): Argon2Core {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  const wasm = instance.exports as unknown as Exports
  let interpreted = false

  /** The first `size` bytes of the memory, which grows if it has fewer. */
  function reserve(size: number): Uint8Array {
    const missing = Math.ceil(size / PAGE) - memory.buffer.byteLength / PAGE
    if (missing > 0) memory.grow(missing)
    return new Uint8Array(memory.buffer, 0, size)
  }

  /** All slices of all passes; false when that would take forever. */
  function fill({ memoryKib, passes, lanes }: Argon2Work): boolean {
    let [start, mib, slow] = [process.cpuUsage(), 0, 0]
    for (let pass = 0; pass < passes; pass++) {
      for (let slice = 0; slice < SLICES; slice++) {
        for (let first = 0; first < lanes; first += LANES_TOGETHER) {
          const end = Math.min(first + LANES_TOGETHER, lanes)
          wasm.fillSlice(pass, slice, first, end)
          mib += (memoryKib / 1024 / SLICES / lanes) * (end - first)
          if (mib < JUDGED_MIB) continue
          slow = process.cpuUsage(start).user / 1000 > mib * patienceMsPerMib ? slow + 1 : 0
          if (slow === SLOW_TIMES) return false
          ;[start, mib] = [process.cpuUsage(), 0]
        }
      }
    }
    return true
  }

  function derive(inputs: Argon2Inputs, work: Argon2Work, length: number): Uint8Array | undefined {
    if (interpreted) return undefined
    const { memoryKib, passes, lanes } = work
    for (const value of [memoryKib, passes, lanes, length]) {
      if (!Number.isInteger(value) || value < 1 || value > 0xffffffff)
        throw new RangeError('argon2 parameter out of range')
    }
    const parts = [inputs.password, inputs.salt, inputs.secret ?? NOTHING, inputs.associated ?? NOTHING] as const
    const [password, salt, secret, associated] = parts
    const inputSize = parts.reduce((sum, part) => sum + part.length, 0)
    const bytes = reserve(Number(wasm.bytesNeeded(memoryKib, lanes, inputSize)))
    try {
      let at = wasm.inputAt(lanes)
      for (const part of parts) {
        bytes.set(part, at)
        at += part.length
      }
      const sizes = [password.length, salt.length, secret.length, associated.length] as const
      if (!wasm.begin(memoryKib, passes, lanes, length, ...sizes)) throw new RangeError('argon2 parameter out of range')
      interpreted = !fill(work)
      if (interpreted) return undefined
      wasm.finish()
      return new Uint8Array(bytes.subarray(wasm.tagAt(), wasm.tagAt() + length))
    } finally {
      bytes.fill(0)
    }
  }

  return { derive, memory }
}
