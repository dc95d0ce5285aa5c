// The page on which the owner decides about one use of an AI agent. Text only: no script, nothing from elsewhere, and what
// is shown was said by the agent process, never by the one who asks for the page.
// The rule: whatever is not written here goes through `escaped`, because a client chooses most of it.
import type { Fact } from '../../commands/parts/approvals.ts'
import { escaped as visible } from '../../lib/names.ts'

const STYLE = `
body { margin: 0; background: #f4f4f1; color: #1c1c1a; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 42rem; margin: 6vh auto; padding: 1.5rem 2rem; background: #fff; border: 1px solid #d5d5cf }
h1 { margin: 0 0 1rem; font-size: 1.25rem }
dl { display: grid; grid-template-columns: 7rem 1fr; gap: .4rem 1rem; margin: 1rem 0 }
dt { color: #66665f }
dd { margin: 0; font-family: ui-monospace, monospace; max-height: 12rem; overflow: auto; overflow-wrap: anywhere }
small { display: block; color: #8a4b00; font-family: system-ui, sans-serif }
input { width: 100%; box-sizing: border-box; margin: .3rem 0 1rem; padding: .5rem; font: inherit }
button { padding: .5rem 1.4rem; margin-right: .6rem; font: inherit }
[role=alert], [role=status] { padding: .6rem .9rem; border-left: .3rem solid #8a4b00; background: #fbf3e8 }
`
/** Follows when it was decided elsewhere: the form is there already. */
const OVER = 'form { display: none }'

/** Sent with every answer. The two pieces of style are named by their hashes; nothing else may load, run or frame. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    `default-src 'none'; style-src ${sourceOf(STYLE)} ${sourceOf(OVER)}; form-action 'self'; ` +
    "frame-ancestors 'none'; base-uri 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export interface Asked {
  /** Its number in `tvault approvals`. */
  id: string
  facts: readonly Fact[]
  /** The time of day at which silence becomes a no. */
  until: string
  /** Comes back with the form: a form is taken once. */
  form: string
  /** What was wrong with the last answer. */
  problem?: string
}

/** The question with its form. The page is not finished: `ending` is what follows when the question is over. */
export function questionPage({ id, facts, until, form, problem }: Asked): string {
  const rows = facts.map(({ name, words, claimed }) => {
    const note = claimed ? '<small>words of the client; nobody checked them</small>' : ''
    return `<dt>${escaped(name)}</dt><dd>${escaped(words)}${note}</dd>\n`
  })
  return `${headOf('tvault: an AI agent waits for you')}<h1>An AI agent waits for your word</h1>
<p>Request ${escaped(id)}; <code>tvault approvals</code> in a terminal shows the same one. If you expected none, refuse it or close this page: silence is a no at ${escaped(until)}.</p>
<dl>
${rows.join('')}</dl>
${problem === undefined ? '' : `<p role="alert">${escaped(problem)}</p>\n`}<form method="post" autocomplete="off">
<input type="hidden" name="form" value="${escaped(form)}">
<label>Passphrase of the vault, to allow it
<input type="password" name="passphrase" autocomplete="off" autofocus required></label>
<button name="word" value="approve">Allow it</button>
<button name="word" value="deny" formnovalidate>Refuse it</button>
</form>
`
}

/** The rest of a question that is over. */
export function ending(words: string): string {
  return `<style>${OVER}</style><p role="status">${escaped(words)} You can close this page.</p>\n${FOOT}`
}

/** A whole page that says one thing. */
export function noticePage(words: string): string {
  return `${headOf('tvault')}<p role="status">${escaped(words)}</p>\n${FOOT}`
}

/** The end of every page. */
export const FOOT = '</main></body></html>\n'

function headOf(title: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width">
<style>${STYLE}</style></head><body><main>
`
}

/** Strange text as text of a page: what would be markup as references, what cannot be seen as escapes. */
function escaped(words: string): string {
  return visible(words).replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`)
}

function sourceOf(style: string): string {
  return `'sha256-${new Bun.CryptoHasher('sha256').update(style).digest('base64')}'`
}
