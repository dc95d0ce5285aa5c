// The address at which the owner decides: who is served there at all, that a yes is the vault's passphrase and nothing else,
// how many there may be, and that it is gone with its question. Each refusal is tried as the attack that it is against.
import { afterEach, expect, test } from 'bun:test'
import { Failure } from '../../../src/lib/errors.ts'
import type { Secret } from '../../../src/lib/secret.ts'
import { ApprovalPage } from '../../../src/modes/mcp/approval-http.ts'
import { BrowserPage, isRefused } from '../../browser-page.ts'

const RIGHT = 'the right pässphrase + % &'
const opened: { close(words: string): void }[] = []
afterEach(() => {
  for (const page of opened.splice(0)) page.close('over')
})

function served({ gone = false } = {}) {
  const approved: string[] = []
  const kept: Secret[] = []
  let denied = 0
  const page = new ApprovalPage({
    id: '3f9a0c11',
    facts: [{ name: 'Purpose', words: '<b>none</b>', claimed: true }],
    seconds: 60,
    async approve(passphrase) {
      kept.push(passphrase)
      const said = Buffer.from(passphrase.reveal()).toString()
      if (gone) throw new Failure('not_found', 'no such request waits')
      if (said !== RIGHT) throw new Failure('wrong_passphrase', 'it does not open this vault')
      approved.push(said)
    },
    async deny() {
      if (gone) throw new Failure('not_found', 'no such request waits')
      denied += 1
    },
  })
  opened.push(page)
  return { page, approved, kept, url: page.url, denied: () => denied }
}

test('the right passphrase is a yes, once; the page says so and the passphrase is wiped', async () => {
  const { url, approved, kept } = served()
  const first = await BrowserPage.open(url)
  const second = await BrowserPage.open(url)
  const answer = await first.submit({ word: 'approve', passphrase: RIGHT })
  expect([answer.status, await answer.rest()]).toEqual([200, expect.stringContaining('You allowed it.')])
  expect(await second.rest()).toContain('You allowed it.')
  expect([approved, kept[0]?.size]).toEqual([[RIGHT], 0])
  const again = await second.submit({ word: 'approve', passphrase: RIGHT })
  expect([again.status, approved.length]).toEqual([200, 1])
})

test('a no needs no passphrase', async () => {
  const { url, approved, denied } = served()
  const answer = await (await BrowserPage.open(url)).submit({ word: 'deny' })
  expect([await answer.rest(), denied(), approved.length]).toEqual([expect.stringContaining('You refused it.'), 1, 0])
})

test('five wrong passphrases are a no, also when the right one follows', async () => {
  const { url, approved, denied, kept } = served()
  let page = await BrowserPage.open(url)
  for (const left of ['4 attempts are', '3 attempts are', '2 attempts are', '1 attempt is']) {
    page = await page.submit({ word: 'approve', passphrase: 'wrong' })
    expect([page.status, page.html]).toEqual([403, expect.stringContaining(`wrong passphrase; ${left} left`)])
    expect(page.html).not.toContain('value="wrong"')
  }
  const last = await page.submit({ word: 'approve', passphrase: 'wrong' })
  expect([await last.rest(), denied()]).toEqual([expect.stringContaining('wrong 5 times'), 1])
  await page.submit({ word: 'approve', passphrase: RIGHT })
  expect([approved.length, kept.length, kept.every(({ size }) => size === 0)]).toEqual([0, 5, true])
})

test('forms that come together or again are one attempt', async () => {
  const { url, kept } = served()
  const page = await BrowserPage.open(url)
  const answers = await Promise.all([1, 2, 3, 4].map(() => page.submit({ word: 'approve', passphrase: 'wrong' })))
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([403, 409, 409, 409])
  expect(kept).toHaveLength(1)
})

test.each(['approve', 'deny'])('one that is over meanwhile is not said to be decided here: %s', async (word) => {
  const { url } = served({ gone: true })
  const page = await BrowserPage.open(url)
  const late = expect.stringContaining('It was decided already, or is over.')
  const answer = await page.submit({ word, passphrase: RIGHT })
  expect([answer.status, await answer.rest(), await page.rest()]).toEqual([409, late, late])
})

test('an empty passphrase and another word are no attempt', async () => {
  const { url, kept } = served()
  const empty = await (await BrowserPage.open(url)).submit({ word: 'approve', passphrase: '' })
  expect([empty.status, empty.html]).toEqual([400, expect.stringContaining('the passphrase is missing')])
  const other = await empty.submit({ word: 'approved', passphrase: RIGHT })
  expect([other.status, kept.length]).toEqual([400, 0])
})

test.each([
  ['a name that another page gave this machine (DNS rebinding)', { host: 'evil.test' }],
  ['the name with another port', { host: '127.0.0.1:1' }],
  ['another name of this machine', { host: 'localhost' }],
  ['a form of another page', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }],
  ['a form of a page of nobody', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['a form of another port of this machine', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
  ['a form that somebody typed into the address line', { 'sec-fetch-site': 'none' }],
  ['a form that says nothing of its page', { origin: '', 'sec-fetch-site': '' }],
  ['a page of nobody that says nothing else', { origin: 'null', 'sec-fetch-site': '' }],
])('%s is sent away, and decides nothing', async (_, headers) => {
  const { url, approved, denied } = served()
  const page = await BrowserPage.open(url)
  for (const word of ['approve', 'deny']) {
    const { status } = await page.submit({ word, passphrase: RIGHT }, headers)
    expect([word, status]).toEqual([word, 403])
  }
  expect([approved.length, denied()]).toEqual([0, 0])
  expect((await page.submit({ word: 'deny' })).status).toBe(200)
})

test('a browser that tells where a form comes from is taken by it', async () => {
  const { url, approved } = served()
  const { origin } = new URL(url)
  const page = await BrowserPage.open(url)
  const contradicting = { origin, 'sec-fetch-site': 'cross-site' }
  expect((await page.submit({ word: 'approve', passphrase: RIGHT }, contradicting)).status).toBe(403)
  await page.submit({ word: 'approve', passphrase: RIGHT }, { origin, 'sec-fetch-site': '' })
  expect(approved).toEqual([RIGHT])
})

test('at another path, by another way, and as a part of another page there is nothing', async () => {
  const { url } = served()
  const { origin, pathname } = new URL(url)
  expect(Buffer.from(pathname.slice(1), 'base64url')).toHaveLength(32)
  const last = pathname.endsWith('A') ? 'B' : 'A'
  for (const path of ['/', '/favicon.ico', pathname.slice(0, -1), `${pathname}A`, `${pathname.slice(0, -1)}${last}`]) {
    const answer = await fetch(`${origin}${path}`)
    expect([path, answer.status, (await answer.text()).includes('Purpose')]).toEqual([path, 404, false])
  }
  for (const method of ['PUT', 'DELETE', 'OPTIONS']) expect((await fetch(url, { method })).status).toBe(405)
  for (const part of ['iframe', 'image', 'script', 'empty']) {
    const answer = await fetch(url, { headers: { 'sec-fetch-dest': part } })
    expect([part, answer.status, (await answer.text()).includes('Purpose')]).toEqual([part, 403, false])
  }
})

test('another user of the machine is not served', async () => {
  if (process.getuid?.() !== 0 || Bun.which('setpriv') === null || Bun.which('bash') === null) {
    console.log('approval page: no other user to be here; not tried')
    return
  }
  const { url } = served()
  const { host, port, pathname } = new URL(url)
  const asks = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf 'GET ${pathname} HTTP/1.1\\r\\nHost: ${host}\\r\\n\\r\\n' >&3; head -1 <&3`
  const status = async (...user: string[]): Promise<string> => {
    const child = Bun.spawn([...user, 'bash', '-c', asks], { stdout: 'pipe', stderr: 'inherit' })
    return (await child.stdout.text()).trim()
  }
  expect(await status('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups')).toBe('HTTP/1.1 403 Forbidden')
  expect(await status()).toBe('HTTP/1.1 200 OK')
})

test('the headers keep the page to itself', async () => {
  const { headers } = await BrowserPage.open(served().url)
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  })
})

test('a form that is none, too long, or of another kind is not taken', async () => {
  const { url, kept } = served()
  const form = { method: 'POST', headers: { 'sec-fetch-site': 'same-origin', origin: 'null' } }
  const encoded = { ...form.headers, 'content-type': 'application/x-www-form-urlencoded' }
  const post = async (body: string, headers: Record<string, string>) => {
    const stop = new AbortController()
    const { status } = await fetch(url, { ...form, headers, body, signal: stop.signal })
    stop.abort()
    return status
  }
  expect(await post('form=x', { ...encoded, 'content-type': 'text/plain' })).toBe(415)
  expect(await post(`passphrase=${'x'.repeat(20_000)}`, encoded)).toBe(413)
  expect(await post('word=approve&passphrase=x', encoded)).toBe(409)
  expect(await post('word=approve&word=deny', encoded)).toBe(409)
  expect(kept).toHaveLength(0)
})

test('only so many pages hear how it ends; the form of an older one is as good', async () => {
  const { url, page, denied } = served()
  const [oldest, next] = [await BrowserPage.open(url), await BrowserPage.open(url)]
  for (let i = 0; i < 7; i++) await BrowserPage.open(url)
  expect(await oldest.rest()).toMatch(/<\/form>\n<\/main><\/body><\/html>\n$/)
  expect((await oldest.submit({ word: 'other' })).status).toBe(400)
  page.close('It was allowed elsewhere.')
  expect([denied(), await next.rest()]).toEqual([0, expect.not.stringContaining('allowed')])
})

test('when it is over an open page says so, and nobody listens any more', async () => {
  const { url, page } = served()
  const open = await BrowserPage.open(url)
  expect(open.html).toContain('<form')
  page.close('It was refused.')
  page.close('It was allowed elsewhere.')
  expect(await open.rest()).toMatch(/display: none[^]*It was refused\.[^]*<\/html>\n$/)
  expect(await isRefused(url)).toBe(true)
})
