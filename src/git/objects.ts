// Objects of git by name, through one `git cat-file --batch` that stays for as long as the questions come. It reads the
// index once; when the index was written anew since, it is started anew, or old blobs would pass for the present ones.
import { statSync } from 'node:fs'
import { concat, latin1, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { git, startGit } from './call.ts'
import type { Child } from './call.ts'
import type { Repository } from './repository.ts'

const LF = 0x0a

export interface Found {
  oid: string
  type: string
  bytes: Uint8Array
}

/** What is needed of a reader of a stream. */
interface Reader {
  read(): Promise<{ value?: Uint8Array | undefined; done: boolean }>
  cancel(): Promise<void>
}

export class Objects {
  readonly #repository: Repository
  #child: Child | undefined
  #reader: Reader | undefined
  /** Bytes that came and were not asked for yet. */
  #ahead: Uint8Array = new Uint8Array(0)
  #indexFile: string | undefined
  #indexState = ''
  /** How often git was started: the tests look at it. */
  starts = 0

  constructor(repository: Repository) {
    this.#repository = repository
  }

  /** The blob of `path` (bytes, from the top) in the index, or undefined when it has none there. */
  async staged(path: Uint8Array): Promise<Found | undefined> {
    this.#indexFile ??= this.#repository.indexFile()
    const state = stateOf(this.#indexFile)
    if (state !== this.#indexState) {
      await this.close()
      this.#indexState = state
    }
    // With the stage in front, or a path such as `1:x` would be read as another stage.
    return this.find(concat(utf8(':0:'), path))
  }

  /** The object called `name` (revision syntax of git, as bytes when it holds a path), or undefined when there is none. */
  async find(name: Uint8Array | string): Promise<Found | undefined> {
    const bytes = typeof name === 'string' ? utf8(name) : name
    // The questions are lines, so a name with a line end is asked in a call of its own.
    if (bytes.includes(LF)) return this.#findAlone(bytes)
    this.#child ??= this.#start()
    void this.#child.stdin.write(concat(bytes, Uint8Array.of(LF)))
    await this.#child.stdin.flush()
    const answer = latin1(await this.#line())
    const said = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(answer)
    if (!said) return undefined
    const content = await this.#take(Number(said[3]) + 1)
    return { oid: said[1]!, type: said[2]!, bytes: content.subarray(0, -1) }
  }

  /** Ends git's process. Questions after that start a new one. */
  async close(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    this.#ahead = new Uint8Array(0)
    if (child === undefined) return
    await this.#reader?.cancel()
    await child.stdin.end()
    await child.exited
  }

  #start(): Child {
    const child = startGit(['cat-file', '--batch'], this.#repository.call)
    this.#reader = child.stdout.getReader()
    this.starts += 1
    return child
  }

  #findAlone(name: Uint8Array): Found | undefined {
    const words = new TextDecoder().decode(name)
    if (latin1(utf8(words)) !== latin1(name)) return undefined
    const answers = [0, 1, 128]
    const parsed = git(['rev-parse', '--verify', '--quiet', words], { ...this.#repository.call, answers })
    const oid = latin1(parsed.out).trim()
    if (parsed.code !== 0 || oid === '') return undefined
    const { code, out } = git(['cat-file', 'blob', oid], { ...this.#repository.call, answers })
    return code === 0 ? { oid, type: 'blob', bytes: out } : undefined
  }

  /** Bytes up to the next LF, without it. */
  async #line(): Promise<Uint8Array> {
    for (let from = 0; ;) {
      const end = this.#ahead.indexOf(LF, from)
      if (end >= 0) {
        const line = this.#ahead.slice(0, end)
        this.#ahead = this.#ahead.subarray(end + 1)
        return line
      }
      from = this.#ahead.length
      this.#ahead = concat(this.#ahead, await this.#more())
    }
  }

  async #take(size: number): Promise<Uint8Array> {
    const whole = new Uint8Array(size)
    let filled = 0
    for (;;) {
      const piece = this.#ahead.subarray(0, size - filled)
      whole.set(piece, filled)
      filled += piece.length
      this.#ahead = this.#ahead.subarray(piece.length)
      if (filled === size) return whole
      this.#ahead = await this.#more()
    }
  }

  async #more(): Promise<Uint8Array> {
    const { value, done } = await this.#reader!.read()
    if (done || value === undefined) throw new Failure('failed', 'git cat-file ended before it answered')
    return value
  }
}

/** Changes whenever the file is written anew. */
function stateOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? 'absent' : `${stats.ino} ${stats.size} ${stats.mtimeNs}`
}
