// Sends a request that carries secrets, for an AI agent: the values go to a host that the policy names and are taken out
// of the answer. The client writes placeholders and never sees what stands in their place.
import { define } from '../../commands/define.ts'
import { Failure } from '../../lib/errors.ts'
import type { Act } from '../../lib/gate.ts'
import { printable } from '../../lib/names.ts'
import { NUMBER, TEXT, tool } from './tool.ts'
import type { Tool } from './tool.ts'

const TIMEOUT_SECONDS = 30
const LONGEST_PURPOSE = 120
const PLACEHOLDER = /\{\{(?:basic:[^{}:]*:|json:|url:)?([A-Za-z_][A-Za-z0-9_]*)\}\}/g

const request = define({
  path: 'mcp request',
  about: 'Send an HTTPS request that carries secrets',
  effect: 'inject',
  on: ['mcp'],
  hidden: true,
  holdsKeys: true,
  examples: [],
  input: {
    url: { kind: 'text', required: true, about: 'https only; {{KEY}} in the query stands for a secret' },
    method: { kind: 'text', about: 'GET, HEAD, POST, PUT, PATCH or DELETE', fallback: 'GET' },
    headers: {
      kind: 'list',
      about:
        'Name: value, with {{KEY}}; {{basic:USER:KEY}} for a user and a password, {{json:KEY}} and {{url:KEY}} escaped',
    },
    body: { kind: 'text', about: 'With {{KEY}} as in headers' },
    timeout: { kind: 'count', min: 1, max: 300, about: 'Seconds', fallback: `${TIMEOUT_SECONDS}` },
    output: {
      kind: 'choice',
      choices: ['full', 'status'],
      about: 'status: only its number, also for values too short to be hidden',
      fallback: 'full',
    },
    purpose: { kind: 'text', required: true, about: 'What for; for the owner, in the audit log' },
  },
  async run(context, { url, method = 'GET', headers = [], body, timeout = TIMEOUT_SECONDS, output = 'full' }) {
    const { acts } = context
    if (!acts) throw new Failure('denied', 'there is no way to send a request here')
    const { host, search } = hostOf(url)
    acts.mayReach(host)
    const names = namesIn([...headers, search, body ?? ''])
    if (names.length === 0) {
      throw new Failure('usage', 'no secret stands in the request', {
        hint: 'write {{KEY}} in a header, the query or the body',
      })
    }
    const view = await context.vault()
    const project = context.project(view)
    const { entries, missing } = view.readMany(project, { only: names })
    try {
      if (missing[0] !== undefined) {
        throw new Failure('not_found', `no secret ${printable(missing[0])} in project ${printable(project)}`, {
          hint: 'vault_list_secrets',
        })
      }
      const secrets = entries.map(({ key, value }) => ({ name: key, value }))
      const wish = { method, url, headers, body, secrets, timeoutSeconds: timeout, output: output as 'full' | 'status' }
      return { project, host, keys: names, output, ...(await acts.request(wish, [project])) }
    } finally {
      for (const { value } of entries) value.wipe()
    }
  },
})

function namesIn(parts: readonly string[]): string[] {
  return [...new Set(parts.flatMap((part) => [...part.matchAll(PLACEHOLDER)].map((found) => found[1]!)))]
}

/** The host as policies name it, and the query with its placeholders. Throws a usage failure. */
function hostOf(url: string): { host: string; search: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'https:') {
    throw new Failure('usage', 'the argument url must be an address that begins with https://')
  }
  return {
    host: parsed.host,
    search: parsed.search.replaceAll(/%7B%7B(.*?)%7D%7D/gi, (_, name: string) => `{{${name}}}`),
  }
}

function whereTo({ url, purpose }: Readonly<Record<string, unknown>>): Act {
  return {
    host: hostOf(typeof url === 'string' ? url : '').host,
    ...(typeof purpose === 'string' && { purpose }),
  }
}

export const REQUEST_TOOLS: readonly Tool[] = [
  tool(request, {
    name: 'vault_http_request',
    title: 'Send a request with secrets',
    about:
      'Send an HTTPS request in which {{KEY}} stands for a secret. No redirect is followed; values are taken out of the answer',
    takes: {
      url: 'url',
      method: 'method',
      headers: 'headers',
      body: 'body',
      timeout_seconds: 'timeout',
      output: 'output',
      purpose: 'purpose',
    },
    output: { status: NUMBER, headers: { type: 'object' }, body: TEXT, body_bytes: NUMBER, redactions: NUMBER },
    optional: ['headers', 'body', 'body_bytes'],
    result: ({ project, host, keys, output, status, headers, body, withheld, redactions }) => ({
      project,
      host,
      keys,
      status,
      ...(output === 'full' && {
        headers,
        ...(withheld === undefined ? { body: body.text } : { body_withheld: withheld }),
        body_bytes: body.total,
        body_dropped: body.dropped,
      }),
      redactions,
    }),
    act: whereTo,
    audit: (input) => {
      const { host, purpose } = whereTo(input)
      return { host: printable(host ?? ''), purpose: printable((purpose ?? '').slice(0, LONGEST_PURPOSE)) }
    },
  }),
]
