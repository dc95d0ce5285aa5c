// Tokens: what a program shows to be served with less than all. Only their SHA-256 is kept, in the memory of the agent:
// a token ends with it. A token of a file (`token` or `token:project` on a line) is the peer's kind; `agent token new`
// makes the other, with keys, effects, an end and a number of uses. What runs as the same user can read a token wherever
// the owner put it: a token keeps programs apart that mean well, not ones that attack each other (topic `agent`).
import { equalConstantTime, text, toHex } from '../../lib/bytes.ts'
import { Failure } from '../../lib/errors.ts'
import type { Effect, TokenScope } from '../../lib/gate.ts'
import { ID_DIGITS, PROOF_LABEL } from './proof.ts'
import type { Secret } from '../../lib/secret.ts'

interface Held {
  /** SHA-256 of the token. */
  hash: Uint8Array
  scope: TokenScope
  label: string
  /** Milliseconds since 1970; undefined: as long as the agent. */
  expiresAt: number | undefined
  usesLeft: number | undefined
  fromFile: boolean
}

/** What a token that was shown turned out to be. */
export interface Known {
  id: string
  scope: TokenScope
  /** One of the file without a project: its bearer counts as the owner, as with the peer. */
  unlimited: boolean
}

/** A token as it may be shown: never itself, never its whole hash. */
export interface TokenInfo {
  id: string
  label: string
  project: string | undefined
  keys: readonly string[] | undefined
  effects: readonly Effect[] | undefined
  expires_at: string | undefined
  uses_left: number | undefined
  source: 'file' | 'agent'
}

/** SHA-256 and HMAC-SHA256 of the crypto room, given by who puts the agent together. */
export interface TokenCrypto {
  sha256(bytes: Uint8Array): Uint8Array
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array
}

export class Tokens {
  readonly #crypto: TokenCrypto
  readonly #now: () => number
  #held: Held[] = []
  #everHeld = false

  constructor(crypto: TokenCrypto, now: () => number = Date.now) {
    this.#crypto = crypto
    this.#now = now
  }

  /** Whether there ever was a token: then one that is not known is over or forged, and no accident. */
  get everHeld(): boolean {
    return this.#everHeld
  }

  /** Takes the tokens of a file in place of those that came from one before. Throws `failed` when it holds none. */
  load(file: Uint8Array): void {
    const content = text(file)
    if (content === undefined) throw new Failure('failed', 'the token file is not UTF-8 text')
    const found = new Map<string, Held>()
    for (const line of content.split('\n').map((raw) => raw.trim())) {
      if (line === '' || line.startsWith('#')) continue
      const colon = line.indexOf(':')
      const token = (colon < 0 ? line : line.slice(0, colon)).trim()
      const project = colon < 0 ? '' : line.slice(colon + 1).trim()
      if (token === '') continue
      const hash = this.#crypto.sha256(Buffer.from(token))
      const scope: TokenScope = project === '' ? {} : { project }
      found.set(toHex(hash), { hash, scope, label: '', expiresAt: undefined, usesLeft: undefined, fromFile: true })
    }
    if (found.size === 0)
      throw new Failure('failed', 'the token file holds no token', { hint: 'one token, or token:project, on a line' })
    this.#held = [...this.#held.filter(({ fromFile }) => !fromFile), ...found.values()]
    this.#everHeld = true
  }

  /** Remembers a token that was just made. */
  add(
    token: Secret,
    rest: { scope: TokenScope; label: string; expiresAt: number; uses: number | undefined },
  ): TokenInfo {
    const { scope, label, expiresAt, uses } = rest
    const held = { hash: this.#crypto.sha256(token.reveal()), scope, label, expiresAt, usesLeft: uses, fromFile: false }
    this.#held.push(held)
    this.#everHeld = true
    return info(held)
  }

  /** Those that hold, newest last. */
  list(): TokenInfo[] {
    this.#forget()
    return this.#held.map(info)
  }

  /** Whether there was one with this id. */
  revoke(id: string): boolean {
    const before = this.#held.length
    this.#held = this.#held.filter(({ hash }) => idOf(hash) !== id)
    return this.#held.length < before
  }

  /** The token itself was shown (v1). Undefined when nobody gave it out, or it is over. */
  byItself(token: string): Known | undefined {
    const hash = this.#crypto.sha256(Buffer.from(token))
    return this.#use((held) => equalConstantTime(held.hash, hash))
  }

  /** `proof` = HMAC-SHA256 under SHA-256(token) of label and nonce (v2). */
  byProof(id: string, proof: Uint8Array, nonce: Uint8Array): Known | undefined {
    return this.#use((held) => {
      const right = this.#crypto.hmac(held.hash, Buffer.from(PROOF_LABEL), nonce)
      return idOf(held.hash) === id && equalConstantTime(right, proof)
    })
  }

  /** Whether a conversation that showed this token may go on: it was not revoked, and its time is not over. */
  holds(id: string): boolean {
    this.#forget()
    return this.#held.some(({ hash }) => idOf(hash) === id)
  }

  #use(is: (held: Held) => boolean): Known | undefined {
    this.#forget()
    const held = this.#held.filter((one) => one.usesLeft !== 0 && is(one)).at(-1)
    if (!held) return undefined
    if (held.usesLeft !== undefined) held.usesLeft -= 1
    const unlimited = held.fromFile && Object.keys(held.scope).length === 0
    return { id: idOf(held.hash), scope: held.scope, unlimited }
  }

  /** One that is used up stays until its time is over, for the conversations that used it. */
  #forget(): void {
    const now = this.#now()
    this.#held = this.#held.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)
  }
}

/** The first eight hex digits of the hash, as in the peer's logs. */
export function idOf(hash: Uint8Array): string {
  return toHex(hash).slice(0, ID_DIGITS)
}

function info({ hash, scope, label, expiresAt, usesLeft, fromFile }: Held): TokenInfo {
  return {
    id: idOf(hash),
    label,
    project: scope.project,
    keys: scope.keys,
    effects: scope.effects,
    expires_at: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
    uses_left: usesLeft,
    source: fromFile ? 'file' : 'agent',
  }
}
