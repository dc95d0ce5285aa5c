// The Workers that help with a derivation, and the jobs they are given. Their program is the text of a function, started
// from memory: a Worker that is named by a path would be looked for in the current folder (design rule 2).
import { CHUNK, CLOSED, KIND, SHARED, taskLoop } from './argon2-tasks.ts'
import type { TaskExports } from './argon2-tasks.ts'

/** A helper that has taken a task and not ended it for so long is never waited for again. */
const PATIENCE_MS = 60_000

const SCRIPT = { type: 'application/javascript' }

/** What a helper is told once. */
interface Start {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  shared: Int32Array
}

/** Threads of one memory. Without helpers every job is the caller's alone. */
export class Helpers {
  readonly #shared = new Int32Array(new SharedArrayBuffer(4 * SHARED.size))
  readonly #module: WebAssembly.Module
  readonly #memory: WebAssembly.Memory
  readonly #loop: (each?: () => boolean) => void
  #workers: Worker[] = []
  #job = 0
  /** A helper did not come back from a task: the memory is not ours alone any more. */
  #lost = false

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, wasm: TaskExports) {
    this.#module = module
    this.#memory = memory
    this.#loop = taskLoop(this.#shared, wasm, memory)
    Atomics.store(this.#shared, SHARED.next, CLOSED)
  }

  get count(): number {
    return this.#workers.length
  }

  /** Starts helpers until there are `count`. Fewer, or none, where the system gives no more threads. */
  start(count: number): void {
    try {
      while (this.#workers.length < count) {
        const source = `const loop = (${String(taskLoop)})\n;(${String(helper)})(loop)`
        // Written in one: the build refuses every other name of a Worker (scripts/unresolved.ts).
        const worker = new Worker(URL.createObjectURL(new Blob([source], SCRIPT)), { ref: false })
        // One that fails has taken no task, or is noticed as lost.
        worker.addEventListener('error', (event) => event.preventDefault())
        const start: Start = { module: this.#module, memory: this.#memory, shared: this.#shared }
        worker.postMessage(start)
        this.#workers.push(worker)
      }
    } catch {
      // The caller works alone.
    }
  }

  /** Begins a job of `total` tasks. The one before it must be over. Helpers take from it at once. */
  begin(
    kind: (typeof KIND)[keyof typeof KIND],
    total: number,
    [groups, together, lanes]: readonly [number, number, number],
  ): void {
    const shared = this.#shared
    this.#job = (this.#job + 1) & 0x7fff
    Atomics.store(shared, SHARED.next, (this.#job << 16) | CLOSED)
    Atomics.store(shared, SHARED.kind, kind)
    Atomics.store(shared, SHARED.total, total)
    Atomics.store(shared, SHARED.groups, groups)
    Atomics.store(shared, SHARED.together, together)
    Atomics.store(shared, SHARED.lanes, lanes)
    Atomics.store(shared, SHARED.done, 0)
    Atomics.store(shared, SHARED.broken, 0)
    Atomics.store(shared, SHARED.next, this.#job << 16)
    Atomics.add(shared, SHARED.wake, 1)
    Atomics.notify(shared, SHARED.wake)
  }

  /** Begins to write zeros over the bytes from `first` to `end`, or to touch them. */
  beginOver(kind: 'wipe' | 'touch' | 'warm', first: number, end: number): void {
    this.begin(KIND[kind], Math.ceil((end - first) / CHUNK) + (kind === 'warm' ? 1 : 0), [first, 0, 0])
  }

  /** Takes tasks of the job in this thread. `each` is asked after every one and may stop it. */
  work(each?: () => boolean): void {
    this.#loop(each)
  }

  /** Comes to the end of whatever goes on: wiping is finished, the rest closed. False like `close`. */
  settle(): boolean {
    if (Atomics.load(this.#shared, SHARED.kind) === KIND.wipe) this.work()
    return this.close()
  }

  /** Whether every task that was taken was also done. To be asked after `close`. */
  get sound(): boolean {
    return Atomics.load(this.#shared, SHARED.broken) === 0
  }

  /** Lets those who wait for others wait no more: the job is given up. */
  giveUp(): void {
    Atomics.store(this.#shared, SHARED.broken, 1)
    Atomics.notify(this.#shared, SHARED.done)
  }

  /** How many tasks are over. */
  get done(): number {
    return Atomics.load(this.#shared, SHARED.done)
  }

  /**
   * Lets nobody take another task of the job and waits for those that run. False when a helper does not come back: then
   * the memory must not be used again.
   */
  close(): boolean {
    if (this.#lost) return false
    const shared = this.#shared
    const before = Atomics.exchange(shared, SHARED.next, (this.#job << 16) | CLOSED) & CLOSED
    if (before === CLOSED) return true
    const deadline = performance.now() + PATIENCE_MS
    for (let turns = 0; ; turns++) {
      const over = this.done
      if (over >= before) return true
      if (turns < 2000) continue
      Atomics.wait(shared, SHARED.done, over, 20)
      if (performance.now() > deadline) {
        this.#lost = true
        return false
      }
    }
  }

  /** Ends the helpers. */
  end(): void {
    for (const worker of this.#workers) worker.terminate()
    this.#workers = []
  }
}

/** The program of a helper; `loop` is `taskLoop`. As text it may use nothing from outside. */
function helper(loop: typeof taskLoop): void {
  ;(globalThis as unknown as Worker).onmessage = ({ data }: MessageEvent<Start>) => {
    const { module, memory, shared } = data
    const instance = new WebAssembly.Instance(module, { env: { memory } })
    const work = loop(shared, instance.exports as unknown as TaskExports, memory)
    for (;;) {
      const awake = Atomics.load(shared, 0)
      work()
      Atomics.wait(shared, 0, awake)
    }
  }
}
