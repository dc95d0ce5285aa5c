// Serves one question to the owner on the loopback interface, for as long as it waits and at one address that cannot be
// guessed. The owner's yes needs the passphrase, which goes to the agent as from `tvault approvals approve`; a no needs none,
// because to be refused is what happens anyway.
// The rule: every page of a browser, and every program of this machine, can send requests to this port. So nothing is read
// of a request before the name it was sent to, its path, and the page it comes from are right.
import type { Fact } from '../../commands/parts/approvals.ts'
import { equalConstantTime, utf8 } from '../../lib/bytes.ts'
import { Failure } from '../../lib/errors.ts'
import { loopbackUser } from '../../lib/loopback.ts'
import { Secret } from '../../lib/secret.ts'
import { FOOT, HEADERS, ending, noticePage, questionPage } from './approval-page.ts'
import { formFields } from './form-body.ts'
import { digestOf } from './http.ts'
import { overwriteReceived } from './received.ts'

/** Longest form, in bytes: a passphrase of 4096 bytes takes three times that when all of it is encoded. */
const MOST_BYTES = 16_384
/** So many requests at once, and so many pages that hear how it ends. */
const MOST_REQUESTS = 8
const MOST_OPEN = 8
const MOST_ATTEMPTS = 5
/** With what stands before it. */
const LONGEST_REQUEST = 3 * MOST_BYTES
const TOKEN_BYTES = 32
/** How long a form may take to come in, milliseconds. */
const BODY_MILLISECONDS = 10_000
/** An open page hears so often that it is still connected; a connection that is silent for longer (seconds) is closed. */
const PULSE_MILLISECONDS = 10_000
const IDLE_SECONDS = 30
/** What is being answered when the question is over may take so long, milliseconds. */
const LINGER_MILLISECONDS = 1000

export interface PageWish {
  id: string
  facts: readonly Fact[]
  /** How long it waits. */
  seconds: number
  /** The owner's yes. Throws `wrong_passphrase`, and `not_found` when it is over. The passphrase is wiped by the caller. */
  approve(passphrase: Secret): Promise<void>
  deny(): Promise<void>
}

export class ApprovalPage {
  readonly url: string
  readonly #wish: PageWish
  readonly #until: string
  readonly #server: Bun.Server<undefined>
  readonly #address: string
  /** SHA-256 of the path. */
  readonly #digest: Uint8Array
  readonly #open = new Set<OpenPage>()
  readonly #pulse: ReturnType<typeof setInterval>
  #form = freshToken()
  #attempts = 0
  #answering = 0
  /** What was decided, in words; then no form is taken any more. */
  #decided: string | undefined
  #closed = false

  /** Listens on a free port. Throws `failed` when there is none. */
  constructor(wish: PageWish) {
    this.#wish = wish
    this.#until = new Date(Date.now() + wish.seconds * 1000).toTimeString().slice(0, 8)
    const token = freshToken()
    this.#digest = digestOf(utf8(token))
    this.#server = listen((request) => this.#limited(request))
    this.#address = `127.0.0.1:${this.#server.port}`
    this.url = `http://${this.#address}/${token}`
    this.#pulse = setInterval(() => {
      for (const page of this.#open) page.send('\n')
    }, PULSE_MILLISECONDS)
  }

  /** It is over: open pages are told so in `words`, unless it was decided on one of them, and nobody is served any more. */
  close(words: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#decide(words)
    clearInterval(this.#pulse)
    void this.#server.stop()
    setTimeout(() => void this.#server.stop(true), LINGER_MILLISECONDS).unref()
  }

  #decide(words: string): void {
    this.#decided ??= words
    for (const page of this.#open) page.end(ending(this.#decided))
    this.#open.clear()
  }

  async #limited(request: Request): Promise<Response> {
    if (this.#answering >= MOST_REQUESTS) return notice(503, 'Too much is asked at once.')
    this.#answering += 1
    try {
      return await this.#answer(request)
    } finally {
      this.#answering -= 1
    }
  }

  async #answer(request: Request): Promise<Response> {
    const { headers, method, url } = request
    if (!this.#isOwner(request)) return notice(403, 'This page is for another user.')
    if (headers.get('host') !== this.#address) return notice(403, 'That is not the name of this page.')
    if (!equalConstantTime(digestOf(utf8(new URL(url).pathname.slice(1))), this.#digest)) {
      return notice(404, 'There is no such page.')
    }
    if (method === 'GET') {
      // Only a whole page of its own shows what is asked: no frame, no picture, no script of another page.
      const wanted = headers.get('sec-fetch-dest')
      if (wanted !== null && wanted !== 'document') return notice(403, 'This page stands by itself.')
      return this.#decided === undefined ? this.#question(200) : notice(200, this.#decided)
    }
    if (method !== 'POST') return notice(405, 'That cannot be done here.', { allow: 'GET, POST' })
    if (!this.#isOurs(headers)) return notice(403, 'The form of another page is not taken.')
    if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(headers.get('content-type') ?? '')) {
      return notice(415, 'That is no form.')
    }
    const body = await bodyOf(request)
    await overwriteReceived(LONGEST_REQUEST)
    if (body === undefined) return notice(408, 'The form did not come in time.')
    if (body.length > MOST_BYTES) {
      body.fill(0)
      return notice(413, 'The form is too long.')
    }
    const fields = formFields(body)
    try {
      return await this.#take(fields)
    } finally {
      for (const value of fields?.values() ?? []) value.fill(0)
    }
  }

  /** The address can be seen by other users while a browser is started with it. root sees everything anyway. */
  #isOwner(request: Request): boolean {
    const user = loopbackUser(this.#server.requestIP(request)?.port ?? 0, this.#server.port ?? 0)
    return user === 'untold' || user === 0 || user === process.geteuid?.()
  }

  /**
   * Whether a form comes from this page. With `no-referrer` a browser says the origin `null` of it, and then only
   * Sec-Fetch-Site tells; one that says neither is not served.
   */
  #isOurs(headers: Headers): boolean {
    const [origin, site] = [headers.get('origin'), headers.get('sec-fetch-site')]
    if (site !== null && site !== 'same-origin') return false
    if (origin === null || origin === 'null') return site === 'same-origin'
    return origin === `http://${this.#address}`
  }

  /** A form is taken once, so that none counts twice, and two that come together are not two attempts. */
  async #take(fields: Map<string, Uint8Array> | undefined): Promise<Response> {
    if (this.#decided !== undefined) return notice(200, this.#decided)
    const form = fields?.get('form') ?? new Uint8Array(0)
    if (!equalConstantTime(digestOf(form), digestOf(utf8(this.#form)))) {
      return this.#question(409, 'that form was sent before, or is none; this is a new one')
    }
    this.#form = freshToken()
    const word = Buffer.from(fields?.get('word') ?? []).toString('latin1')
    if (word === 'deny') return this.#refuse('You refused it.')
    if (word !== 'approve') return this.#question(400, 'allow it or refuse it')
    const passphrase = new Secret(fields?.get('passphrase') ?? new Uint8Array(0))
    try {
      if (passphrase.size === 0) return this.#question(400, 'the passphrase is missing')
      await this.#wish.approve(passphrase)
      this.#decide('You allowed it.')
      return notice(200, 'You allowed it.')
    } catch (error) {
      return this.#notApproved(error)
    } finally {
      passphrase.wipe()
    }
  }

  #notApproved(error: unknown): Response | Promise<Response> {
    const { kind, message } = error instanceof Failure ? error : new Failure('internal', 'something went wrong')
    if (kind === 'not_found') return this.#tooLate()
    if (kind !== 'wrong_passphrase') return this.#question(500, message)
    this.#attempts += 1
    const left = MOST_ATTEMPTS - this.#attempts
    if (left <= 0) return this.#refuse(`The passphrase was wrong ${MOST_ATTEMPTS} times, so it was refused.`)
    return this.#question(403, `wrong passphrase; ${left} ${left === 1 ? 'attempt is' : 'attempts are'} left`)
  }

  async #refuse(words: string): Promise<Response> {
    try {
      await this.#wish.deny()
    } catch {
      return this.#tooLate()
    }
    this.#decide(words)
    return notice(200, words)
  }

  /** It is not said to be allowed or refused here when the word came too late. */
  #tooLate(): Response {
    this.#decide('It was decided already, or is over.')
    return notice(409, this.#decided!)
  }

  /** The page stays unfinished as long as the question is open, so that it can say what became of it without a script. */
  #question(status: number, problem?: string): Response {
    const { id, facts } = this.#wish
    const page = new OpenPage(() => this.#open.delete(page))
    const [oldest] = this.#open.size < MOST_OPEN ? [] : this.#open
    // Its form is as good as before.
    oldest?.end(FOOT)
    if (oldest) this.#open.delete(oldest)
    this.#open.add(page)
    const asked = { id, facts, until: this.#until, form: this.#form }
    page.send(questionPage({ ...asked, ...(problem !== undefined && { problem }) }))
    // Decided while the form was looked at.
    if (this.#decided !== undefined) this.#decide(this.#decided)
    return new Response(page.body, { status, headers: HEADERS })
  }
}

/** A page to which something is still added. */
class OpenPage {
  readonly body: ReadableStream<Uint8Array>
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor(gone: () => void) {
    this.body = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      cancel: () => {
        this.#controller = undefined
        gone()
      },
    })
  }

  send(words: string): void {
    this.#controller?.enqueue(utf8(words))
  }

  end(words: string): void {
    this.send(words)
    this.#controller?.close()
    this.#controller = undefined
  }
}

function listen(fetch: (request: Request) => Promise<Response>): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      maxRequestBodySize: MOST_BYTES,
      idleTimeout: IDLE_SECONDS,
      development: false,
      fetch,
      error: () => notice(500, 'Something went wrong.'),
    })
  } catch (error) {
    throw new Failure('failed', 'no port of the loopback interface can be had', { cause: error })
  }
}

/** Undefined when it takes too long. */
async function bodyOf(request: Request): Promise<Uint8Array | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), BODY_MILLISECONDS)
  try {
    const whole = request.arrayBuffer().then((bytes) => new Uint8Array(bytes))
    return await Promise.race([whole, promise])
  } finally {
    clearTimeout(timer)
  }
}

function freshToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toBase64({ alphabet: 'base64url', omitPadding: true })
}

function notice(status: number, words: string, more: Record<string, string> = {}): Response {
  return new Response(noticePage(words), { status, headers: { ...HEADERS, ...more } })
}
