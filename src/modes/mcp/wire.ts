// One JSON message a line, on standard input and output. What is no message is answered as such, and the next line is
// read: one bad line must not cost an answer that is on its way (attack D10).
import { text } from '../../lib/bytes.ts'
import { out } from '../../lib/out.ts'

/** Longest line that is read, in bytes. */
const LONGEST_LINE = 16 << 20
const NEWLINE = 10

type Message = Record<string, unknown>

/** Cuts a stream into lines; a line that is too long is skipped to its end and reported once. */
export class Lines {
  #held: Uint8Array[] = []
  #size = 0
  #skipping = false
  readonly #limit: number

  constructor(limit = LONGEST_LINE) {
    this.#limit = limit
  }

  /** The complete lines after `chunk` came in; `undefined` stands for one that was too long. */
  push(chunk: Uint8Array): (Uint8Array | undefined)[] {
    const lines: (Uint8Array | undefined)[] = []
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, end), lines)
      if (!this.#skipping) lines.push(this.#take())
      this.#skipping = false
      from = end + 1
    }
    this.#keep(chunk.subarray(from), lines)
    return lines
  }

  #keep(part: Uint8Array, lines: (Uint8Array | undefined)[]): void {
    if (this.#skipping) return
    if (this.#size + part.length > this.#limit) {
      this.#take()
      this.#skipping = true
      lines.push(undefined)
      return
    }
    if (part.length > 0) this.#held.push(part.slice())
    this.#size += part.length
  }

  #take(): Uint8Array {
    const line = Buffer.concat(this.#held)
    // A line may hold a value that is to be stored.
    for (const part of this.#held) part.fill(0)
    this.#held = []
    this.#size = 0
    return line
  }
}

/** What a line says: a message, or the answer to something that is none; undefined for an empty line. */
export function readLine(line: Uint8Array | undefined): { message: Message } | { answer: Message } | undefined {
  if (line === undefined) return { answer: refusal(-32600, 'the message is too long') }
  const words = text(line)
  line.fill(0)
  if (words !== undefined && words.trim() === '') return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(words ?? '')
  } catch {
    return { answer: refusal(-32700, 'this line is not JSON') }
  }
  if (Array.isArray(parsed)) return { answer: refusal(-32600, 'batches are not taken: send one message a line') }
  const message = parsed as Message | null
  if (typeof message !== 'object' || message === null || message['jsonrpc'] !== '2.0' || !isMessage(message)) {
    return { answer: refusal(-32600, 'this is no JSON-RPC 2.0 message', idOf(message)) }
  }
  return { message }
}

function isMessage({ id, method, params, result, error }: Message): boolean {
  const named = id === undefined || typeof id === 'string' || Number.isSafeInteger(id)
  const asks = typeof method === 'string' && (params === undefined || (typeof params === 'object' && params !== null))
  return named && (asks || (id !== undefined && (result !== undefined || error !== undefined)))
}

function idOf(message: Message | null): unknown {
  const id = typeof message === 'object' ? message?.['id'] : undefined
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

function refusal(code: number, message: string, id: unknown = null): Message {
  return { jsonrpc: '2.0', id, error: { code, message } }
}

/** Writes one message. */
export function send(message: unknown): void {
  out(`${JSON.stringify(message)}\n`)
}

/** Hands every message to `take` until the input ends or `stop` says so. */
export async function listen(
  input: ReadableStream<Uint8Array>,
  take: (message: Message) => void,
  stop: AbortSignal,
): Promise<void> {
  const lines = new Lines()
  const reader = input.getReader()
  const stopped = new Promise<{ done: true; value: undefined }>((resolve) => {
    if (stop.aborted) resolve({ done: true, value: undefined })
    stop.addEventListener('abort', () => resolve({ done: true, value: undefined }), { once: true })
  })
  for (;;) {
    const { done, value } = await Promise.race([reader.read(), stopped])
    if (done) return
    for (const line of lines.push(value)) {
      const said = readLine(line)
      if (said === undefined) continue
      if ('answer' in said) send(said.answer)
      else take(said.message)
    }
  }
}
