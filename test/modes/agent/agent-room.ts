// An agent without a socket: the real broker on a vault on disk, and conversations whose other end is the test.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VaultBroker } from '../../../src/context/broker.ts'
import type { BrokerOptions } from '../../../src/context/broker.ts'
import { KDF_FLOOR } from '../../../src/crypto/kdf-parameters.ts'
import { mac, sha256 } from '../../../src/crypto/keys.ts'
import { concat, text, utf8 } from '../../../src/lib/bytes.ts'
import type { Act, Asker, Effect, Policy } from '../../../src/lib/gate.ts'
import { Secret } from '../../../src/lib/secret.ts'
import type { Wire } from '../../../src/modes/agent/connection.ts'
import { Decoder, KNOWN, encode } from '../../../src/modes/agent/frames.ts'
import { MAGIC } from '../../../src/modes/agent/wire.ts'
import type { Message } from '../../../src/modes/agent/frames.ts'
import { pack, unpack } from '../../../src/modes/agent/pack.ts'
import { PlainSession } from '../../../src/modes/agent/plain.ts'
import { PROOF_LABEL } from '../../../src/modes/agent/proof.ts'
import { Session } from '../../../src/modes/agent/session.ts'
import { Tokens } from '../../../src/modes/agent/tokens.ts'
import { openLmdb } from '../../../src/store/lmdb.ts'
import { TABLES } from '../../../src/vault/schema.ts'
import { Vault } from '../../../src/vault/vault.ts'
import type { View } from '../../../src/vault/view.ts'

export const PASSPHRASE = 'agent tests only 4417'
export const PEER = { pid: 4711, uid: process.geteuid?.() ?? 0, gid: 0 }

const everything: Policy = { decide: () => ({ allow: true, rule: 'test' }) }
const owner: Asker = {
  principal: { kind: 'owner', interactive: true },
  command: 'test',
  effect: 'admin',
  policy: everything,
}

const undo: (() => unknown)[] = []

/** Closes and removes what was made since; each file of tests calls it at its end. */
export async function closeRooms(): Promise<void> {
  for (const act of undo.splice(0).toReversed()) await act()
}

/** What is in the vault of every room: values by project and key. */
export const VALUES: Readonly<Record<string, Record<string, string>>> = {
  default: { K: 'value of K', DB_URL: 'value of DB_URL', DB_USER: 'value of DB_USER' },
  web: { W: 'value of W', DB_URL: 'web value of DB_URL' },
}

let prepared: Uint8Array | undefined

/** A directory with a vault of its own; made once, copied for each room. */
async function vaultDirectory(): Promise<string> {
  prepared ??= await preparedVault()
  const folder = mkdtempSync(join(tmpdir(), 'tvault-broker-'))
  undo.push(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'vault.db'), prepared, { mode: 0o600 })
  return folder
}

async function preparedVault(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'tvault-broker-'))
  try {
    const store = await openLmdb(join(folder, 'vault.db'), { tables: TABLES, mode: 'create' })
    const vault = Vault.create(store, Secret.fromText(PASSPHRASE), KDF_FLOOR)
    const view = vault.view(owner)
    for (const [project, secrets] of Object.entries(VALUES)) {
      if (project !== 'default') view.createProject(project, '')
      for (const [key, value] of Object.entries(secrets)) view.write(project, key, Secret.fromText(value))
    }
    vault.lock()
    await store.close()
    return readFileSync(join(folder, 'vault.db'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface AgentRoom {
  directory: string
  broker: VaultBroker
  tokens: Tokens
  /** Why it was told to end. */
  stopped: string[]
  notes: string[]
  /** A v2 conversation; without `asked` it has said nothing yet. */
  talk(asked?: Parameters<Talk['hello']>[0]): Promise<Talk>
  /** One v1 request and its reply, parsed. */
  ask(request: Record<string, unknown> | string): Promise<Record<string, unknown>>
  /** The same vault as another process would open it. */
  elsewhere<T>(use: (view: View) => T | Promise<T>): Promise<T>
}

export async function agentRoom(
  options: Partial<BrokerOptions> & { locked?: boolean; tokenFile?: string; now?: () => number } = {},
): Promise<AgentRoom> {
  const directory = options.directory ?? (await vaultDirectory())
  const { locked, tokenFile, now, ...rest } = options
  const tokens = new Tokens({ sha256: (bytes) => sha256(bytes), hmac: mac }, now)
  if (tokenFile !== undefined) tokens.load(utf8(tokenFile))
  const stopped: string[] = []
  const notes: string[] = []
  const broker = await VaultBroker.open({
    directory,
    version: 'test',
    socket: join(directory, 'agent.sock'),
    lockMilliseconds: 2000,
    idle: 0,
    limit: 0,
    requireToken: false,
    tokens,
    stopped: (reason) => stopped.push(reason),
    note: (line) => notes.push(line),
    ...rest,
  })
  undo.push(() => broker.close())
  if (!locked) await broker.unlock(Secret.fromText(PASSPHRASE))
  return {
    directory,
    broker,
    tokens,
    stopped,
    notes,
    async talk(asked) {
      const talk = new Talk(broker)
      if (asked) await talk.hello(asked)
      return talk
    },
    async ask(request) {
      const wire = new PlayedWire()
      const session = new PlainSession(broker, PEER, wire)
      session.receive(Buffer.from(`${typeof request === 'string' ? request : JSON.stringify({ v: 1, ...request })}\n`))
      await wire.until(() => wire.ended)
      session.close()
      return JSON.parse(text(wire.sent) ?? '') as Record<string, unknown>
    },
    async elsewhere(use) {
      const store = await openLmdb(join(directory, 'vault.db'), { tables: TABLES, mode: 'write' })
      const vault = Vault.open(store)
      try {
        vault.unlock(Secret.fromText(PASSPHRASE))
        return await use(vault.view(owner))
      } finally {
        vault.lock()
        await store.close()
      }
    },
  }
}

/** A connection whose reader is the test. */
export class PlayedWire implements Wire {
  sent: Uint8Array = new Uint8Array(0)
  ended = false
  known = false
  full = false
  paused = false

  send(bytes: Uint8Array): void {
    this.sent = concat(this.sent, bytes)
  }

  end(): void {
    this.ended = true
  }

  settled(): void {
    this.known = true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  async until(is: () => boolean): Promise<void> {
    const deadline = performance.now() + 5000
    while (!is()) {
      if (performance.now() > deadline) throw new Error('it did not happen')
      await Bun.sleep(0)
    }
  }
}

/** The client's side of a v2 conversation. */
export class Talk {
  readonly wire = new PlayedWire()
  readonly session: Session
  readonly #decoder = new Decoder(KNOWN)
  readonly answers: Message[] = []
  #read = 0
  #next = 0

  constructor(broker: VaultBroker) {
    this.session = new Session(broker, PEER, this.wire)
    this.session.receive(new Uint8Array(MAGIC))
  }

  /** Sends a message as it is. */
  say(head: Record<string, unknown>, parts: readonly Uint8Array[] = []): void {
    encode({ head, parts }, (bytes) => this.session.receive(Buffer.from(bytes)))
  }

  /** Sends a request, and gives its number. */
  request(head: Record<string, unknown>, args?: readonly unknown[]): number {
    const id = ++this.#next
    const parts: Uint8Array[] = []
    this.say({ ...head, id, ...(args && { args: pack(args, parts) }) }, parts)
    return id
  }

  call(method: string, ...args: unknown[]): Promise<unknown> {
    return this.answer(this.request({ op: 'call', method }, args))
  }

  control(op: string, ...args: unknown[]): Promise<unknown> {
    return this.answer(this.request({ op }, args))
  }

  /** What came so far. */
  heard(): Message[] {
    this.#decoder.push(this.wire.sent.subarray(this.#read), (message) => this.answers.push(message))
    this.#read = this.wire.sent.length
    return this.answers
  }

  /** The result of request `id`, or what it failed with as `{ kind, message }`. Throws when the connection was ended. */
  async answer(id: number | undefined): Promise<unknown> {
    const find = (): Message | undefined =>
      this.heard().find(({ head }) => head['id'] === id && head['waiting'] === undefined)
    await this.wire.until(() => find() !== undefined || this.wire.ended)
    const message = find()
    if (!message) throw new Error('the connection was ended')
    this.answers.splice(this.answers.indexOf(message), 1)
    if (message.head['ok'] === true) return unpack(message.head['result'], message.parts)
    return { failed: (message.head['error'] as { kind: string }).kind, ...(message.head['error'] as object) }
  }

  async hello({
    command = 'get',
    effect = 'reveal',
    token,
    client,
    act = {},
    interactive = false,
  }: {
    command?: string
    effect?: Effect
    token?: string
    /** An AI agent of this name. */
    client?: string
    act?: Act
    interactive?: boolean
  }): Promise<unknown> {
    let shown: object = {}
    if (token !== undefined) {
      this.say({ op: 'challenge' })
      const { nonce } = (await this.answer(undefined)) as { nonce: Uint8Array }
      shown = { token: proofOf(token, nonce) }
    }
    const principal = client === undefined ? {} : { principal: { kind: 'mcp', client, version: '1', act, notes: {} } }
    this.say({ op: 'hello', version: 2, command, effect, interactive, ...shown, ...principal })
    return this.answer(undefined)
  }
}

export function proofOf(token: string, nonce: Uint8Array): { id: string; proof: string } {
  const hash = sha256(utf8(token))
  return { id: hash.toHex().slice(0, 8), proof: mac(hash, utf8(PROOF_LABEL), nonce).toHex() }
}

/** The text of a Secret that came. */
export function opened(secret: unknown): string {
  if (secret instanceof Secret) return text(secret.reveal()) ?? ''
  return JSON.stringify(secret)
}
