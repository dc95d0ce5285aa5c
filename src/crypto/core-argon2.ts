// The TypeScript side of wasm/argon2.ts, where the order of calls and the memory map are written down. The lanes are
// filled by as many threads as the machine has processors for; the key does not depend on it.
// Whatever happens inside, inputs, key and all small state are zero again when `derive` returns or throws. The blocks
// are zeroed by the helpers meanwhile, or before anything else is done with the memory.
import { compare, ownCopy } from '../lib/bytes.ts'
import { runnableThreads } from '../lib/load.ts'
import { hugePageFrom, preferHugePages } from '../lib/native.ts'
import { CLOSED, KIND } from './argon2-tasks.ts'
import { Helpers } from './argon2-helpers.ts'
import type { TaskExports } from './argon2-tasks.ts'

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
/** Fewer blocks than this many MiB hold are filled before a helper has started. */
const WORTH_HELP_MIB = 16
/** With so many threads for each processor that want it, a helper only costs: it would wait as long as this thread. */
const CROWD = 2
/** More helpers than this gain nothing: memory is the limit. */
const MOST_THREADS = 8
/** From here on a fault for every 4 KiB is worth avoiding: 64 MiB take 16,384 of them, up to 0.2 s in a virtual machine. */
const HUGE_BYTES = 8_388_608
/** CPU time that a helper may take to start, which is not the derivation's. */
const START_MS = 50
/** Helpers and memory are kept so long for the next derivation: a second try of a passphrase, an agent's next vault. */
const KEPT_MS = 1000

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
  /**
   * Starts the helpers and lets them find the memory that `work` will need, while this thread does something else. With
   * `warm`, for when there is time, they also run the code until it is compiled.
   */
  prepare(work: Argon2Work, options?: { warm?: boolean }): void
  /**
   * Lets the helpers begin the derivation that `derive` will be asked for with equal arguments, while this thread does
   * something else. Any other use of the core throws it away; so does a second. Copies what it needs.
   */
  begin(inputs: Pick<Argon2Inputs, 'password' | 'salt'>, work: Argon2Work, length: number): void
  /** Throws away what `begin` began, if that is still there. */
  drop(): void
  /** Whether it is. */
  readonly begun: boolean
  /** For tests, which read it in the middle or when all is over. */
  readonly memory: WebAssembly.Memory
}

/** For tests; by default what the machine has. */
export interface Argon2Options {
  /** How many threads fill lanes, also of the smallest derivation. */
  threads?: number
  patienceMsPerMib?: number
}

interface Exports extends TaskExports {
  bytesNeeded(memoryKib: number, inputSize: number, first: number): bigint
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
    first: number,
  ): number
  finish(): void
}

/** One memory, the module on it, and its threads. */
interface Live {
  memory: WebAssembly.Memory
  wasm: Exports
  helpers: Helpers
}

/** The work that all threads share. */
interface Fill {
  tasks: number
  mibPerTask: number
}

/** What a derivation uses of the memory: `small` bytes at its beginning, and from `first` on inputs and then blocks. */
interface Used {
  bytes: Uint8Array
  small: number
  first: number
  inputEnd: number
}

/** A derivation whose inputs are in the memory. */
interface Started {
  here: Live
  used: Used
  fill: Fill
}

/** What `ask` says of huge pages, or `otherwise` where there is no such question. */
function lessFaults<T>(ask: () => T, otherwise: T): T {
  try {
    return ask()
  } catch {
    return otherwise
  }
}

/** Starts the module in `bytes` on a memory of its own. Throws where the runtime cannot. */
export function openArgon2(bytes: Uint8Array<ArrayBuffer>, options: Argon2Options = {}): Argon2Core {
  const { patienceMsPerMib = PATIENCE_MS_PER_MIB, threads = Math.min(navigator.hardwareConcurrency, MOST_THREADS) } =
    options
  const module = new WebAssembly.Module(bytes)
  let interpreted = false
  let live: Live | undefined = fresh()
  let leaving: Timer | undefined
  let deriving = false
  let begun: { started: Started; password: Uint8Array; salt: Uint8Array; numbers: string } | undefined

  function fresh(): Live {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true })
    const wasm = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports
    return { memory, wasm, helpers: new Helpers(module, memory, wasm) }
  }

  /** Whether what was begun is this very derivation. */
  function isBegun({ password, salt, secret, associated }: Argon2Inputs, work: Argon2Work, length: number): boolean {
    if (!begun || secret?.length || associated?.length) return false
    const numbers = JSON.stringify([work.memoryKib, work.passes, work.lanes, length])
    return numbers === begun.numbers && compare(salt, begun.salt) === 0 && compare(password, begun.password) === 0
  }

  function unbegin(): Started | undefined {
    const found = begun?.started
    begun?.password.fill(0)
    begun = undefined
    clearTimeout(leaving)
    return found
  }

  function begin(inputs: Pick<Argon2Inputs, 'password' | 'salt'>, work: Argon2Work, length: number): void {
    if (interpreted || isBegun(inputs, work, length)) return
    const started = start(inputs, work, length)
    const numbers = JSON.stringify([work.memoryKib, work.passes, work.lanes, length])
    begun = { started, password: ownCopy(inputs.password), salt: ownCopy(inputs.salt), numbers }
    leaveLater()
  }

  function drop(): void {
    const started = unbegin()
    if (!started) return
    started.here.helpers.close()
    wipe(started.here, started.used)
  }

  /** The memory, with nothing going on in it and nothing left in it. */
  function quiet(): Live {
    drop()
    clearTimeout(leaving)
    live ??= fresh()
    if (live.helpers.settle()) return live
    // A helper is lost in there. Nobody uses that memory again.
    interpreted = true
    throw new RangeError('a thread of the derivation does not answer')
  }

  /** How many lanes a task has, and how many tasks a slice has. */
  function split(lanes: number): { groups: number; together: number } {
    const together = Math.max(1, Math.min(LANES_TOGETHER, Math.ceil(lanes / threads)))
    return { groups: Math.ceil(lanes / together), together }
  }

  function help({ memoryKib, passes, lanes }: Argon2Work, helpers: Helpers): void {
    const worth = (memoryKib * passes) / 1024 >= WORTH_HELP_MIB && runnableThreads() <= CROWD * threads
    if (worth || options.threads !== undefined) helpers.start(Math.min(threads, split(lanes).groups) - 1)
  }

  /**
   * The memory that a derivation will use, which grows if it has less. Many blocks begin where a huge page can: what is
   * before that would cost a fault for every 4 KiB.
   */
  function reserve({ memory, wasm }: Live, { memoryKib, lanes }: Argon2Work, inputSize: number): Used {
    const small = wasm.firstBlock(lanes)
    const huge = memoryKib * 1024 > HUGE_BYTES
    const first = huge ? lessFaults(() => hugePageFrom(new Uint8Array(memory.buffer), small), small) : small
    const size = Number(wasm.bytesNeeded(memoryKib, inputSize, first))
    const missing = Math.ceil(size / PAGE) - memory.buffer.byteLength / PAGE
    if (missing > 0) {
      memory.grow(missing)
      if (huge) lessFaults(() => preferHugePages(new Uint8Array(memory.buffer)), undefined)
    }
    return { bytes: new Uint8Array(memory.buffer, 0, size), small, first, inputEnd: first + inputSize }
  }

  /** Starts the work on all slices of all passes: the helpers take from it at once. */
  function startFill({ helpers }: Live, { memoryKib, passes, lanes }: Argon2Work): Fill {
    const { groups, together } = split(lanes)
    const tasks = passes * SLICES * groups
    if (tasks >= CLOSED) throw new RangeError('argon2 parameter out of range')
    helpers.begin(KIND.fill, tasks, [groups, together, lanes])
    return { tasks, mibPerTask: memoryKib / 1024 / SLICES / groups }
  }

  /** Takes part in it to its end; false when that would take forever. */
  function fill({ helpers }: Live, { tasks, mibPerTask }: Fill): boolean {
    let [since, before, slow, starting] = [process.cpuUsage(), helpers.done, 0, START_MS * helpers.count]
    /** Judges what all threads did with the time that all of them had. */
    const fast = (): boolean => {
      const mib = (helpers.done - before) * mibPerTask
      if (mib < JUDGED_MIB) return true
      slow = process.cpuUsage(since).user / 1000 > mib * patienceMsPerMib + starting ? slow + 1 : 0
      ;[since, before, starting] = [process.cpuUsage(), helpers.done, 0]
      return slow < SLOW_TIMES
    }
    helpers.work(fast)
    if (slow === SLOW_TIMES) {
      helpers.giveUp()
      return false
    }
    if (helpers.close() && helpers.sound && helpers.done === tasks) return true
    throw new RangeError('a thread of the derivation did not do its part')
  }

  /** Everything before the last step: the inputs are in the memory, and the helpers work. */
  function start(inputs: Argon2Inputs, work: Argon2Work, length: number): Started {
    const { memoryKib, passes, lanes } = work
    for (const value of [memoryKib, passes, lanes, length]) {
      if (!Number.isInteger(value) || value < 1 || value > 0xffffffff)
        throw new RangeError('argon2 parameter out of range')
    }
    const parts = [inputs.password, inputs.salt, inputs.secret ?? NOTHING, inputs.associated ?? NOTHING] as const
    const [password, salt, secret, associated] = parts
    const inputSize = parts.reduce((sum, part) => sum + part.length, 0)
    const here = quiet()
    const used = reserve(here, work, inputSize)
    help(work, here.helpers)
    try {
      let at = used.first
      for (const part of parts) {
        used.bytes.set(part, at)
        at += part.length
      }
      const sizes = [password.length, salt.length, secret.length, associated.length] as const
      if (!here.wasm.begin(memoryKib, passes, lanes, length, ...sizes, used.first))
        throw new RangeError('argon2 parameter out of range')
      return { here, used, fill: startFill(here, work) }
    } catch (error) {
      wipe(here, used)
      throw error
    }
  }

  function derive(inputs: Argon2Inputs, work: Argon2Work, length: number): Uint8Array | undefined {
    if (interpreted) return undefined
    const { here, used, fill: job } = (isBegun(inputs, work, length) && unbegin()) || start(inputs, work, length)
    deriving = true
    try {
      interpreted = !fill(here, job)
      if (interpreted) return undefined
      here.wasm.finish()
      return new Uint8Array(used.bytes.subarray(here.wasm.tagAt(), here.wasm.tagAt() + length))
    } finally {
      deriving = false
      wipe(here, used)
    }
  }

  /** Zeros over what was used: over blocks by the helpers, if there are any, over all else at once. */
  function wipe({ helpers }: Live, { bytes, small, first, inputEnd }: Used): void {
    // First nobody may write there any more.
    const theirs = helpers.close() && helpers.count > 0
    bytes.fill(0, 0, small)
    bytes.fill(0, first, theirs ? inputEnd : undefined)
    if (!theirs) return
    helpers.beginOver('wipe', first, bytes.length)
    leaveLater()
  }

  function leaveLater(): void {
    clearTimeout(leaving)
    leaving = setTimeout(leave, KEPT_MS)
    leaving.unref()
  }

  /** Gives helpers and memory back. */
  function leave(): void {
    drop()
    live?.helpers.settle()
    live?.helpers.end()
    live = undefined
  }

  function prepare(work: Argon2Work, { warm = false } = {}): void {
    if (interpreted || begun) return
    const here = quiet()
    let used: Used
    try {
      used = reserve(here, work, 0)
    } catch {
      // The derivation will say it.
      return
    }
    help(work, here.helpers)
    if (here.helpers.count > 0) here.helpers.beginOver(warm ? 'warm' : 'touch', used.first, used.bytes.length)
  }

  return {
    derive,
    prepare,
    begin,
    drop,
    get begun() {
      return begun !== undefined
    },
    get memory() {
      return deriving && live ? live.memory : quiet().memory
    },
  }
}
