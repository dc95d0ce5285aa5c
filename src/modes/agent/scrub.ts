// The runtime receives everything into one buffer of its own, where a passphrase or a value that came stays readable until
// something as long is received. So what held one is followed by as many zeros, over a connection of the agent to itself.
import type { Socket } from 'bun'

/** More than the kernel gives at once: what a socket may hold by default. */
const MOST = 1 << 18

export class Scrub {
  readonly #zeros = new Uint8Array(MOST)
  #socket: Socket<undefined> | undefined
  #dirty = 0
  #ended = false

  /** Connects to the agent's own socket; until then, and where it fails, nothing is scrubbed. */
  async connect(path: string): Promise<void> {
    const socket = await Bun.connect<undefined>({ unix: path, socket: { data() {}, error() {} } })
    if (this.#ended) socket.end()
    else this.#socket = socket
    this.#send()
  }

  /** So many bytes were received that held a secret. */
  over(length: number): void {
    if (this.#dirty === 0) setImmediate(() => this.#send())
    this.#dirty = Math.max(this.#dirty, Math.min(length, MOST))
  }

  end(): void {
    this.#ended = true
    this.#socket?.end()
    this.#socket = undefined
  }

  #send(): void {
    if (!this.#socket || this.#dirty === 0) return
    this.#socket.write(this.#zeros.subarray(0, this.#dirty))
    this.#dirty = 0
  }
}
