// One value asked for and answered in a single exchange of protocol v2, in a straight line: a process that lives for
// twenty milliseconds runs every line for the first time, and the general client (client.ts) is 5 ms of such lines.
// It knows this one conversation. Whatever else the agent says is `undefined`, and the general client asks again.
import { exchange, sayAndClose } from '../../lib/native-exchange.ts'
import { FRAME_HEADER, HEAD, HELLO_MILLISECONDS, MAGIC, PART, READ_SILENCE_MILLISECONDS } from './wire.ts'

/** More than a head is that tells about one value. */
const MAX_HEAD_BYTES = 65_536
/** A longer value is the general client's. */
const MAX_VALUE_BYTES = 1 << 25

/** A value in memory of its own, for the caller to wipe, and the connection that waits to hear what became of it. */
export interface Given {
  value: Uint8Array
  connection: number
}

/**
 * What the agent at `path` gives for `key` of `project`, or of the current one. Undefined when there is no agent of this
 * user, or it said anything but a value; `late` when it said nothing in time.
 */
export function askQuickly(path: string, version: string, key: string, project?: string): Given | 'late' | undefined {
  const client = `{"name":"tvault","version":${JSON.stringify(version)}}`
  const hello = `{"op":"hello","version":2,"command":"get","effect":"reveal","interactive":false,"client":${client},"parts":[]}`
  const args = JSON.stringify([project ?? '', key])
  const call = `{"op":"call","id":1,"method":"read","args":${args},"current":${project === undefined},"parts":[]}`

  let value: Uint8Array | undefined
  let until = performance.now() + HELLO_MILLISECONDS
  let [at, filled] = [0, 0]
  let greeted = false
  const connection = exchange(path, framed(MAGIC, hello, call), until, (bytes, size) => {
    while (value === undefined || filled < value.length) {
      if (size - at < FRAME_HEADER) return until
      const length = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) - 1
      const most = value ? value.length - filled : MAX_HEAD_BYTES
      if (bytes[at + 4] !== (value ? PART : HEAD) || length < 1 || length > most) return 'no'
      const start = at + FRAME_HEADER
      if (size - start < length) return until
      at = start + length
      if (value) {
        value.set(bytes.subarray(start, at), filled)
        filled += length
        continue
      }
      const head = parsed(bytes.subarray(start, at))
      if (!head) return 'no'
      until = performance.now() + READ_SILENCE_MILLISECONDS
      if (!greeted) {
        if (head['ok'] !== true) return 'no'
        greeted = true
        continue
      }
      if (head['id'] !== 1) return 'no'
      // It shows that it lives, and works.
      if (head['waiting'] === true) continue
      const { ok, result, parts } = head as { ok?: unknown; result?: { $secret?: unknown }; parts?: unknown[] }
      const told = parts?.[0]
      if (ok !== true || result?.$secret !== 0 || parts?.length !== 1 || typeof told !== 'number') return 'no'
      if (!(told >= 0 && told <= MAX_VALUE_BYTES)) return 'no'
      value = new Uint8Array(new ArrayBuffer(told))
    }
    return 'yes'
  })
  if (typeof connection === 'number') return { value: value!, connection }
  value?.fill(0)
  return connection
}

/** Tells the agent what became of the value, and hangs up. It settles what was left open when it does not hear that. */
export function settle({ connection }: Given, result: 'ok' | 'failed'): void {
  sayAndClose(connection, framed(new Uint8Array(0), `{"op":"settle","result":"${result}","parts":[]}`))
}

/** `heads` as frames, behind `before`. */
function framed(before: Uint8Array, ...heads: readonly string[]): Uint8Array {
  const encoder = new TextEncoder()
  let all = before
  for (const head of heads) {
    const payload = encoder.encode(head)
    const length = payload.length + 1
    const more = new Uint8Array(all.length + FRAME_HEADER + payload.length)
    more.set(all)
    more.set([length >>> 24, length >>> 16, length >>> 8, length, HEAD], all.length)
    more.set(payload, all.length + FRAME_HEADER)
    all = more
  }
  return all
}

function parsed(json: Uint8Array): Record<string, unknown> | undefined {
  try {
    const head: unknown = JSON.parse(new TextDecoder().decode(json))
    return typeof head === 'object' && head !== null ? (head as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
