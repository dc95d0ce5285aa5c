// Where the files of a release come from: an https address, or a directory. Nothing that arrives here is trusted; who
// asks verifies the signature.
import { isAbsolute, join } from 'node:path'
import { Failure, systemCode } from '../lib/errors.ts'
import { readSafely } from '../lib/files.ts'
import { printable } from '../lib/names.ts'

/** The bytes of the file `name`, at most `maxBytes`. */
export type Source = (name: string, maxBytes: number) => Promise<Uint8Array>

/** Without a byte for so long a connection counts as cut. */
const SILENCE_MILLISECONDS = 30_000
const MOST_REDIRECTS = 5

/**
 * What reads files at `from`. Throws `usage` unless it is an https address or the absolute path of a directory; http is
 * taken for this machine only (127.0.0.1, [::1], localhost), where a mirror or a test may serve.
 */
export function openSource(from: string): Source {
  if (isAbsolute(from)) return async (name, maxBytes) => readSafely(join(from, name), maxBytes)
  const base = parse(from.endsWith('/') ? from : `${from}/`)
  return (name, maxBytes) => download(new URL(name, base), maxBytes)
}

function parse(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const secure = url?.protocol === 'https:'
  const here = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url && (secure || here) && url.search === '' && url.hash === '') return url
  throw new Failure('usage', `${printable(address)} is no https address and no absolute path of a directory`)
}

/** The address without what may be secret in it. */
function shown({ protocol, host, pathname }: URL): string {
  return printable(`${protocol}//${host}${pathname}`)
}

async function download(url: URL, maxBytes: number, redirects = 0): Promise<Uint8Array> {
  const stop = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const alive = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => stop.abort(), SILENCE_MILLISECONDS)
  }
  alive()
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: stop.signal, headers: { accept: '*/*' } })
    const elsewhere = answer.headers.get('location')
    if (answer.status >= 300 && answer.status < 400 && elsewhere !== null) {
      if (redirects === MOST_REDIRECTS) throw new Failure('failed', `${shown(url)} leads from place to place`)
      return await download(parse(new URL(elsewhere, url).href.replace(/[?#].*$/, '')), maxBytes, redirects + 1)
    }
    if (answer.status !== 200) throw new Failure('failed', `${shown(url)} is not to be had: status ${answer.status}`)
    return await collect(answer, url, maxBytes, alive)
  } catch (error) {
    if (error instanceof Failure) throw error
    const reason = stop.signal.aborted ? 'the connection is silent' : (systemCode(error) ?? 'the connection broke')
    throw new Failure('failed', `cannot fetch ${shown(url)}: ${reason}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function collect(answer: Response, url: URL, maxBytes: number, alive: () => void): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of answer.body ?? []) {
    alive()
    size += part.length
    if (size > maxBytes) throw new Failure('failed', `${shown(url)} is larger than ${maxBytes} bytes`)
    parts.push(part)
  }
  const announced = Number(answer.headers.get('content-length') ?? size)
  if (announced !== size && !answer.headers.has('content-encoding'))
    throw new Failure('failed', `cannot fetch ${shown(url)}: ${size} of ${announced} bytes arrived`)
  return Buffer.concat(parts)
}
