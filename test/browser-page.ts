// A browser as far as a page without scripts needs one: it shows what has come so far of a page that is not finished, and
// sends its form as browsers do, with their words about where it comes from.

const LONGEST_LOOK = 3000

/** A page, and what is behind its button. */
export class BrowserPage {
  readonly status: number
  readonly headers: Headers
  /** What had come when the form, or the whole page, was there. */
  readonly html: string
  readonly #url: string
  readonly #rest: () => Promise<string>
  readonly #stop: AbortController

  static async open(url: string, init: RequestInit = {}): Promise<BrowserPage> {
    const stop = new AbortController()
    const response = await fetch(url, { ...init, signal: stop.signal })
    const reader = response.body?.getReader()
    const decoder = new TextDecoder()
    const more = async (): Promise<string | undefined> => {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      return done ? undefined : decoder.decode(value, { stream: true })
    }
    let html = ''
    while (!/<\/form>|<\/html>/.test(html)) {
      const piece = await more()
      if (piece === undefined) break
      html += piece
    }
    const rest = async (): Promise<string> => {
      let whole = html
      for (let piece = await more(); piece !== undefined; piece = await more()) whole += piece
      return whole
    }
    return new BrowserPage(url, response, html, rest, stop)
  }

  private constructor(
    url: string,
    { status, headers }: Response,
    html: string,
    rest: () => Promise<string>,
    stop: AbortController,
  ) {
    this.status = status
    this.headers = headers
    this.html = html
    this.#url = url
    this.#rest = rest
    this.#stop = stop
  }

  /** The whole page, when it is finished. */
  rest(): Promise<string> {
    return this.#rest()
  }

  async leave(): Promise<void> {
    this.#stop.abort()
    await this.#rest().catch(() => '')
  }

  /** Presses a button of the form. `headers`: instead of what a browser says of the page; an empty one is left out. */
  submit(fields: { word: string; passphrase?: string }, headers: Record<string, string> = {}): Promise<BrowserPage> {
    const form = /name="form" value="([^"]*)"/.exec(this.html)?.[1] ?? ''
    const own = { origin: 'null', 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'document', ...headers }
    const said = Object.entries({ ...own, 'content-type': 'application/x-www-form-urlencoded' })
    const body = new URLSearchParams({ form, passphrase: '', ...fields }).toString()
    return BrowserPage.open(this.#url, {
      method: 'POST',
      headers: said.filter(([, value]) => value !== '') as [string, string][],
      body,
    })
  }
}

/** Whether nobody listens at the address any more, at last. */
export async function isRefused(url: string): Promise<boolean> {
  const until = performance.now() + LONGEST_LOOK
  while (performance.now() < until) {
    try {
      const socket = await Bun.connect({
        hostname: '127.0.0.1',
        port: Number(new URL(url).port),
        socket: { data() {} },
      })
      socket.end()
    } catch {
      return true
    }
    await Bun.sleep(20)
  }
  return false
}
