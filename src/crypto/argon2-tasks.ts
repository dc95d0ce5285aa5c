// What the threads of a derivation share: a few numbers beside the memory, and the loop by which each of them takes the
// next piece of work that nobody has. The thread that derives takes its share and never waits for one that is late: a
// helper that comes when all is taken finds nothing to do.
//
// `taskLoop` runs in two places: called here, and as text in the Workers (argon2-helpers.ts). So it may use nothing from
// outside itself, only its parameters and what every runtime has.

/** The shared numbers, by their place. */
export const SHARED = {
  /** Counts the jobs; helpers sleep on it. */
  wake: 0,
  /** Upper half: which job. Lower half: the next task of it that nobody took, or `CLOSED`. */
  next: 1,
  /** Tasks that are over. */
  done: 2,
  /** One of `KIND`. */
  kind: 3,
  /** How many tasks the job has. */
  total: 4,
  /** A fill: groups of lanes in a slice, lanes in a group, lanes. */
  groups: 5,
  together: 6,
  lanes: 7,
  /** Of a wipe, touch or warming: where the first chunk begins. */
  first: 5,
  /** Not zero once a task could not be done, or the job was given up: what it made is worth nothing. */
  broken: 8,
  size: 9,
} as const

/** A job that takes no more. It is set before anything of the next job is written, so nobody mixes two of them. */
export const CLOSED = 0xffff
/** Bytes of one task that wipes or touches. */
export const CHUNK = 1_048_576

export const KIND = {
  /** Argon2: a slice of a group of lanes, after all of the slice before. */
  fill: 0,
  /** Zeros over a chunk. */
  wipe: 1,
  /** One zero into every page of a chunk, so that the kernel has to find it now. */
  touch: 2,
  /** The same, and before it a small derivation, so that the compiler has looked at the code. */
  warm: 3,
} as const

/** The exports of the module that tasks need. */
export interface TaskExports {
  begin(...words: number[]): number
  firstBlock(lanes: number): number
  fillSlice(pass: number, slice: number, first: number, end: number): void
}

/**
 * The loop over `shared` (as `SHARED` says), `wasm` on `memory`. Calling it takes tasks of the present job until none is
 * left, or until `each`, which is asked after every one, says no.
 */
export function taskLoop(
  shared: Int32Array,
  wasm: TaskExports,
  memory: WebAssembly.Memory,
): (each?: () => boolean) => void {
  const [next, done, kind, total, groups, together, lanes, first, broken] = [1, 2, 3, 4, 5, 6, 7, 5, 8]
  const [closed, chunk, page, wipe, touch, warm] = [0xffff, 1_048_576, 4096, 1, 2, 3]
  const at = (place: number): number => Atomics.load(shared, place)

  /** Waits until `count` tasks are over; false when there is no use in going on. */
  function reached(count: number): boolean {
    for (let turns = 0; ; turns++) {
      const over = at(done)
      if (over >= count) return true
      if (at(broken) !== 0) return false
      // A moment awake: the others have nearly the same to do.
      if (turns > 2000) Atomics.wait(shared, done, over, 20)
    }
  }

  function fill(task: number): void {
    const step = Math.floor(task / at(groups))
    if (!reached(step * at(groups))) return
    const lane = (task % at(groups)) * at(together)
    wasm.fillSlice(step >> 2, step & 3, lane, Math.min(lane + at(together), at(lanes)))
  }

  function perform(task: number): void {
    const work = at(kind)
    if (work === warm && task === 0) {
      // A derivation of 2 MiB out of nothing. What it leaves is covered by the zeros at its end.
      const small = wasm.firstBlock(4)
      const start = Math.max(at(first), small)
      const size = Math.min(2_097_152, memory.buffer.byteLength - start)
      wasm.begin(Math.floor(size / 1024), 1, 4, 32, 8, 8, 0, 0, start)
      for (let slice = 0; slice < 4; slice++)
        for (let lane = 0; lane < 4; lane += 2) wasm.fillSlice(0, slice, lane, lane + 2)
      new Uint8Array(memory.buffer, 0, small).fill(0)
      new Uint8Array(memory.buffer, start, size).fill(0)
    } else if (work === wipe || work === touch || work === warm) {
      const start = at(first) + (work === warm ? task - 1 : task) * chunk
      const bytes = new Uint8Array(memory.buffer, start, Math.min(chunk, memory.buffer.byteLength - start))
      if (work === wipe) bytes.fill(0)
      else for (let place = 0; place < bytes.length; place += page) bytes[place] = 0
    } else fill(task)
  }

  return (each) => {
    const job = at(next) >>> 16
    for (;;) {
      const free = at(next)
      const task = free & closed
      if (free >>> 16 !== job || task >= at(total)) return
      if (Atomics.compareExchange(shared, next, free, free + 1) !== free) continue
      try {
        perform(task)
      } catch (error) {
        Atomics.store(shared, broken, 1)
        throw error
      } finally {
        Atomics.add(shared, done, 1)
        Atomics.notify(shared, done)
      }
      if (each?.() === false) return
    }
  }
}
