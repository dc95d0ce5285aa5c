// One value asked for and answered in a single exchange of protocol v2, in a straight line: a process that lives for
// twenty milliseconds runs every line for the first time, and the general client (client.ts) is 3 ms of such lines.
// It knows this one conversation. Whatever else the agent says is `undefined`, and the general client asks again.
import { UnixConnection } from '../../lib/native-socket.ts'
import { Secret } from '../../lib/secret.ts'
import { FRAME_HEADER, HEAD, HELLO_MILLISECONDS, MAGIC, PART, READ_SILENCE_MILLISECONDS } from './wire.ts'

/** More than a head is that tells about one value. */
const MAX_HEAD_BYTES = 65_536
/** What is read at first: both heads, and a value as secrets usually are. */
const ROOM_BYTES = 4096
const CALL = 1

/** A value, and the connection that waits to hear what became of it. */
export interface Given {
  value: Secret
  connection: UnixConnection
}

/**
 * What the agent at `path` gives for `key` of `project`, or of the current one. Undefined when there is no agent of this
 * user, or it said anything but a value. Throws Broken, RangeError for a path that is too long.
 */
export function askQuickly(path: string, version: string, key: string, project?: string): Given | undefined {
  const connection = UnixConnection.to(path)
  if (typeof connection === 'string') return undefined
  const incoming = new Incoming(connection)
  let value: Secret | undefined
  try {
    if (connection.peer?.uid !== process.geteuid?.()) return undefined
    const caller = { command: 'get', effect: 'reveal', interactive: false, client: { name: 'tvault', version } }
    const call = { method: 'read', args: [project ?? '', key], current: project === undefined }
    const said = [
      { op: 'hello', version: 2, ...caller },
      { op: 'call', id: CALL, ...call },
    ]
    const deadline = performance.now() + HELLO_MILLISECONDS
    connection.send(messages(MAGIC, said), deadline)
    if (incoming.head(deadline)?.['ok'] !== true) return undefined
    value = answer(incoming)
    return value && { value, connection }
  } finally {
    incoming.wipe()
    if (!value) connection.close()
  }
}

/** Tells the agent what became of the value, and hangs up. */
export function settle({ connection }: Given, result: 'ok' | 'failed'): void {
  try {
    connection.send(messages(new Uint8Array(0), [{ op: 'settle', result }]), performance.now() + HELLO_MILLISECONDS)
  } catch {
    // The agent settles what was left open when the connection ends.
  }
  connection.close()
}

function answer(incoming: Incoming): Secret | undefined {
  for (;;) {
    const deadline = performance.now() + READ_SILENCE_MILLISECONDS
    const head = incoming.head(deadline)
    if (head?.['id'] !== CALL) return undefined
    // It shows that it lives, and works.
    if (head['waiting'] === true) continue
    const { ok, result, parts } = head as { ok?: unknown; result?: { $secret?: unknown }; parts?: unknown[] }
    const size = parts?.[0]
    if (ok !== true || result?.$secret !== 0 || parts?.length !== 1 || typeof size !== 'number') return undefined
    return incoming.part(size, deadline)
  }
}

/** Heads without parts, behind `before`. */
function messages(before: Uint8Array, heads: readonly object[]): Uint8Array {
  const encoder = new TextEncoder()
  const payloads = heads.map((head) => encoder.encode(JSON.stringify({ ...head, parts: [] })))
  let at = before.length
  const all = new Uint8Array(payloads.reduce((sum, payload) => sum + FRAME_HEADER + payload.length, at))
  all.set(before)
  for (const payload of payloads) {
    const length = payload.length + 1
    all.set([length >>> 24, length >>> 16, length >>> 8, length, HEAD], at)
    all.set(payload, at + FRAME_HEADER)
    at += FRAME_HEADER + payload.length
  }
  return all
}

/** What comes, frame by frame. */
class Incoming {
  readonly #connection: UnixConnection
  /** In memory of its own, because it holds a value for a moment: bytes `#at` to `#end` were not looked at yet. */
  #bytes = new Uint8Array(new ArrayBuffer(ROOM_BYTES))
  #at = 0
  #end = 0

  constructor(connection: UnixConnection) {
    this.#connection = connection
  }

  /** The next head; undefined when something else comes. */
  head(deadline: number): Record<string, unknown> | undefined {
    const size = this.#frame(HEAD, deadline)
    if (size === undefined || size > MAX_HEAD_BYTES || !this.#has(size, deadline)) return undefined
    const json = new TextDecoder().decode(this.#take(size))
    try {
      const head: unknown = JSON.parse(json)
      return typeof head === 'object' && head !== null ? (head as Record<string, unknown>) : undefined
    } catch {
      return undefined
    }
  }

  /** A part of `size` bytes, in one frame or several; undefined when something else comes. */
  part(size: number, deadline: number): Secret | undefined {
    const part = new Uint8Array(new ArrayBuffer(size))
    for (let filled = 0; filled < size;) {
      const next = this.#frame(PART, deadline)
      if (next === undefined || next > size - filled || !this.#has(next, deadline)) {
        part.fill(0)
        return undefined
      }
      part.set(this.#take(next), filled)
      filled += next
    }
    return new Secret(part)
  }

  wipe(): void {
    this.#bytes.fill(0)
  }

  /** How long the payload of the next frame is; undefined when it is of another kind. */
  #frame(kind: number, deadline: number): number | undefined {
    if (!this.#has(FRAME_HEADER, deadline)) return undefined
    const header = this.#take(FRAME_HEADER)
    const size = ((header[0]! << 24) | (header[1]! << 16) | (header[2]! << 8) | header[3]!) >>> 0
    return header[4] === kind && size > 1 ? size - 1 : undefined
  }

  #take(size: number): Uint8Array {
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  /** Reads until `size` bytes are there; false when the other end closed before. */
  #has(size: number, deadline: number): boolean {
    while (this.#end - this.#at < size) {
      const came = this.#connection.receive(deadline)
      if (came.length === 0) return false
      const left = this.#bytes.subarray(this.#at, this.#end)
      if (came.length > this.#bytes.length - this.#end) {
        const larger = new Uint8Array(new ArrayBuffer(2 * (left.length + came.length)))
        larger.set(left)
        this.#bytes.fill(0)
        this.#bytes = larger
        this.#end = left.length
        this.#at = 0
      }
      this.#bytes.set(came, this.#end)
      this.#end += came.length
      came.fill(0)
    }
    return true
  }
}
