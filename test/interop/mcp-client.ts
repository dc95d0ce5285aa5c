// A client of `tvault mcp` for tests: it says what it is told to, also what is no message, and keeps every byte that
// comes back.
import type { Subprocess } from 'bun'

export interface Reply {
  isError: boolean
  text: string
  /** The structured result, or the structured failure. */
  data: Record<string, unknown>
}

type Message = Record<string, unknown>

export class McpClient {
  readonly #child: Subprocess<'pipe', 'pipe', 'pipe'>
  readonly #waiting = new Map<unknown, (message: Message) => void>()
  readonly #reading: Promise<unknown>
  readonly notifications: Message[] = []
  /** Answers to nothing that was asked. */
  readonly strays: Message[] = []
  readonly #answers = new Map<unknown, (id: unknown) => void>()
  #out: Uint8Array[] = []
  #err = ''
  #next = 0

  constructor(command: readonly string[], options: { cwd: string; env: Record<string, string> }) {
    this.#child = Bun.spawn([...command], { ...options, stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' })
    this.#reading = Promise.all([this.#readOut(), this.#readErr()])
  }

  /** Starts, greets, and returns the answer to the greeting. */
  async initialize(client: Message = { name: 'matrix', version: '1' }, capabilities: Message = {}): Promise<Message> {
    const answer = await this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities,
      clientInfo: client,
    })
    this.say({ jsonrpc: '2.0', method: 'notifications/initialized' })
    return answer
  }

  /** The whole answer to a request. */
  request(method: string, params: Message = {}): Promise<Message> {
    const id = ++this.#next
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.say({ jsonrpc: '2.0', id, method, params })
    })
  }

  /** From now on requests of the server for `method` are answered with `make`; resolves with the first one. */
  answering(method: string, make: () => Message): Promise<void> {
    return new Promise((resolve) => {
      this.#answers.set(method, (id) => {
        this.say({ jsonrpc: '2.0', id, result: make() })
        resolve()
      })
    })
  }

  get lastId(): number {
    return this.#next
  }

  async call(name: string, given: unknown = {}): Promise<Reply> {
    const answer = await this.request('tools/call', { name, arguments: given })
    const error = answer['error'] as { message: string; code: number } | undefined
    if (error) return { isError: true, text: error.message, data: { code: error.code } }
    const result = answer['result'] as Message & { content: { text: string }[] }
    const text = result.content[0]?.text ?? ''
    const isError = result['isError'] === true
    const data = isError
      ? (JSON.parse(text) as { error: Record<string, unknown> }).error
      : (result['structuredContent'] as Record<string, unknown>)
    return { isError, text, data }
  }

  async tools(): Promise<{ name: string; [more: string]: unknown }[]> {
    const { result } = (await this.request('tools/list')) as { result: { tools: { name: string }[] } }
    return result.tools
  }

  say(message: unknown): void {
    this.sayRaw(`${JSON.stringify(message)}\n`)
  }

  sayRaw(text: string): void {
    void this.#child.stdin.write(text)
    void this.#child.stdin.flush()
  }

  /** Ends the input and waits for the end of the server. */
  async end(): Promise<number> {
    await this.#child.stdin.end()
    await this.#reading
    for (const resolve of this.#waiting.values()) resolve({ error: { message: 'the server is gone', code: 0 } })
    return this.#child.exited
  }

  get pid(): number {
    return this.#child.pid
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  get exited(): Promise<number> {
    return this.#child.exited
  }

  get out(): Buffer {
    return Buffer.concat(this.#out)
  }

  get err(): string {
    return this.#err
  }

  async #readOut(): Promise<void> {
    let held = ''
    const decoder = new TextDecoder()
    for await (const chunk of this.#child.stdout) {
      this.#out.push(chunk)
      held += decoder.decode(chunk, { stream: true })
      const lines = held.split('\n')
      held = lines.pop() ?? ''
      for (const line of lines) this.#take(JSON.parse(line) as Message)
    }
    for (const resolve of this.#waiting.values()) resolve({ error: { message: 'the server is gone', code: 0 } })
  }

  async #readErr(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of this.#child.stderr) this.#err += decoder.decode(chunk, { stream: true })
  }

  #take(message: Message): void {
    const asked = this.#answers.get(message['method'])
    if (asked) return asked(message['id'])
    const resolve = this.#waiting.get(message['id'])
    if (resolve) {
      this.#waiting.delete(message['id'])
      resolve(message)
    } else (message['method'] === undefined ? this.strays : this.notifications).push(message)
  }
}
