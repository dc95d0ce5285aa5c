// The page for the owner as text: what a client chose is text in it and never markup, and the policy for its content lets
// its own two pieces of style in and nothing else.
import { expect, test } from 'bun:test'
import { factsOf } from '../../../src/commands/parts/approvals.ts'
import type { Pending } from '../../../src/modes/agent/approvals.ts'
import { HEADERS, ending, noticePage, questionPage } from '../../../src/modes/mcp/approval-page.ts'

const HOSTILE = `<script>alert(1)</script>"><img src=x onerror='y'>&amp;\u202e\n`
const PENDING: Pending = {
  id: '3f9a0c11',
  kind: 'use',
  client: HOSTILE,
  version: HOSTILE,
  pid: 7,
  command: 'mcp exec',
  effect: 'inject',
  project: HOSTILE,
  keys: ['API_KEY'],
  program: ['sh', '-c', HOSTILE],
  host: HOSTILE,
  file: HOSTILE,
  directory: HOSTILE,
  purpose: HOSTILE,
  rule: HOSTILE,
  seconds_left: 60,
  uses: 1,
  minutes: 1,
}
const page = questionPage({
  id: PENDING.id,
  facts: factsOf(PENDING),
  until: '12:00:00',
  form: 'FORM',
  problem: HOSTILE,
})

test('everything that is asked is shown, and what the client merely says is marked', () => {
  for (const name of ['Client', 'Asks for', 'Project', 'Secrets', 'Program', 'Directory', 'Host', 'File', 'Purpose']) {
    expect(page).toContain(`<dt>${name}</dt>`)
  }
  expect(page).toContain('<dd>API_KEY</dd>')
  expect(page.match(/nobody checked them/g)).toHaveLength(2)
  expect(page).toMatch(/<dt>Purpose<\/dt><dd>[^\n]*nobody checked them/)
})

test('nothing that a client chose is markup, and what cannot be seen is shown', () => {
  const known = 'html head meta title style body main h1 p code dl dt dd small form input label button'.split(' ')
  const attributes = 'lang charset name content role method autocomplete type value autofocus required formnovalidate'
  const found: string[] = []
  new HTMLRewriter()
    .on('*', {
      element({ tagName, attributes: own }) {
        if (!known.includes(tagName)) found.push(tagName)
        found.push(...[...own].map(([name]) => name!).filter((name) => !attributes.split(' ').includes(name)))
      },
    })
    .transform(page)
  expect(found).toEqual([])
  expect(page).not.toContain('\u202e')
  expect(page).toContain('&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#62;&#60;img src=x')
  expect(page).toContain(String.raw`&#38;amp;\u{202e}\u{a}`)
})

test('the policy for the content allows the style of each page by its hash, and forms to itself', () => {
  const policy = HEADERS['content-security-policy']!
  for (const text of [page, ending('over'), noticePage('x')]) {
    for (const [, style] of text.matchAll(/<style>([^]*?)<\/style>/g)) {
      expect(policy).toContain(`'sha256-${new Bun.CryptoHasher('sha256').update(style!).digest('base64')}'`)
    }
  }
  expect(policy).toMatch(
    /^default-src 'none'; style-src '[^;]*'; form-action 'self'; frame-ancestors 'none'; base-uri /,
  )
  expect(policy).not.toMatch(/unsafe|script-src|\*|https?:/)
})

test('a page is whole when its question is over', () => {
  expect(page).not.toContain('</body>')
  const whole = page + ending('It was <b>refused</b>.')
  expect(whole).toMatch(/form \{ display: none \}.*It was &#60;b&#62;refused.*<\/main><\/body><\/html>\n$/s)
})
