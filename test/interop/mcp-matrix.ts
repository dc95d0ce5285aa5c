// The canary matrix: every tool of the server, with every kind of target, under every kind of policy and key. What comes
// back, and what is left behind, is searched for the planted values in all their forms. The quick suite takes a part of
// the calls of each cell, always with the plain one of each tool; test/slow takes all.
import { expect } from 'bun:test'
import { NOT_FOR_AGENTS } from '../../src/modes/mcp/not-for-agents.ts'
import { TOOLS } from '../../src/modes/mcp/tools.ts'
import { inputSchema, isNeeded } from '../../src/modes/mcp/tool.ts'
import type { Tool } from '../../src/modes/mcp/tool.ts'
import { countForms, filesBelow, hitsIn, hitsInFiles } from './mcp-canary.ts'
import type { Hit } from './mcp-canary.ts'
import { CANARIES, Cell } from './mcp-place.ts'
import type { CellWish } from './mcp-place.ts'
import type { Place } from './peer.ts'

// Comparing counts as reading, and some of the calls compare.
const FULL = { mode: 'full', reads: 60, exec: true } as const

/** Every use of a value waits for the owner, who is not there. */
const TIER_2 = `[allow names]
effect = list
[allow uses]
effect = get, compare, set, delete
[allow programs]
effect = run
command = **
[approve everything]
key = **
`

/** Every secret but the denied ones can be used, and none is told: the agent keeps to it. */
const OWN = `[allow uses]
effect = get, compare, set, delete
reads = 0 per hour
[allow programs]
effect = run
command = **
output = exit
[deny hidden]
project = *hid*
[deny denied]
key = *denied*
`

/** Programs may be given everything, each time with the word of the owner. */
const ASKED = `[allow names]
effect = list
[allow programs]
effect = run
command = **
[deny denied]
key = *denied*
[approve everything]
key = **
`

export const CELLS: Readonly<Record<string, CellWish>> = {
  'no policy': { rules: undefined, key: 'passphrase' },
  'read-only': { rules: { mode: 'read-only', reads: 3 }, key: 'passphrase' },
  'read-only, no reads': { rules: { mode: 'read-only', reads: 0 }, key: 'passphrase' },
  'read-write': { rules: { mode: 'read-write', reads: 3 }, key: 'passphrase' },
  'full, exec denied': { rules: { ...FULL, exec: false }, key: 'passphrase' },
  'exec and denied keys': { rules: FULL, key: 'passphrase' },
  'full, every key denied': { rules: { ...FULL, keys: [] }, key: 'passphrase' },
  'tier 2': { rules: undefined, own: TIER_2, key: 'passphrase' },
  'agent-backed': { rules: FULL, key: 'agent' },
  'agent-backed, own policy': { rules: undefined, own: OWN, key: 'agent' },
  'agent-backed, no policy': { rules: undefined, key: 'agent' },
  'agent-backed, tier 2, refused': { rules: undefined, own: TIER_2, key: 'agent', owner: 'no' },
  'agent-backed, tier 2, approved': { rules: undefined, own: ASKED, key: 'agent', owner: 'yes' },
  locked: { rules: FULL, key: 'none' },
}

/** What is given for an argument. An argument that is not here is one that nobody thought about. */
const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  key: ['OPEN', 'LINES', 'MY_DENIED_KEY', 'DEEP', 'MISSING', 'NEW_KEY', 'BASH_ENV'],
  keys: [['OPEN'], ['MY_DENIED_KEY'], ['MISSING']],
  name: ['app', 'hidden', 'default', 'nope'],
  value: [CANARIES.typed],
  file: [
    '.env.probe',
    '.env.link',
    '/proc/self/environ',
    '../vault/vault.db',
    '../vault/mcp-policy.yaml',
    '/etc/passwd',
  ],
  path: ['.env.probe', '.env.link', '../vault/vault.db', '/proc/self/environ'],
  files: [['.env.probe'], ['.env.link'], ['../vault/vault.db'], ['-']],
  file_path: ['.env', '/tmp/.env', '/proc/self/environ'],
  env_key: ['OTHER'],
  project: ['app', 'hidden', 'nope'],
  prefix: ['', 'MY_D', 'OP'],
  name_like: ['*denied*', 'o*'],
  description_like: ['*'],
  compare_values: [true],
  values: [true],
  allow_empty: [true],
  force: [true],
  overwrite: [true],
  all: [true],
  dry_run: [true],
  limit: [1, 1000],
  since: ['1970-01-01'],
  until: ['2h'],
  min_version: [2],
  version: [1, 2, 9],
  to_version: [1, 9],
  length: [24],
  charset: ['hex'],
  group: ['shop', 'nope'],
  env: ['one', 'two', 'nope'],
  env_name: ['two', 'three'],
  from: ['two', 'nope'],
  from_env: ['one', 'nope'],
  to_env: ['two'],
  environments: [[{ name: 'x', project: 'app' }], [{ name: 'y', project: 'hidden' }]],
  environment: ['probe', 'nope'],
  direction: ['push', 'pull', 'mirror'],
  argv: [
    ['env'],
    ['cat', '/proc/self/environ'],
    // What it was not given.
    ['cat', '.env.probe'],
    ['rev', '.env.probe'],
    ['sh', '-c', 'printf %s "$OPEN" | od -An -tx1 | tr -d " \\n"'],
    ['sh', '-c', 'printf %s "$OPEN" | rev; printf %s "$LINES" >&2; exit 3'],
    ['sh', '-c', 'printf %s "$OPEN" | base64'],
    ['no-such-program'],
  ],
  command: ['env', "printf '%s' x", 'echo $OPEN', 'base64 -w0 .env.probe'],
  secrets: [['OPEN'], ['OPEN', 'LINES'], ['MY_DENIED_KEY'], ['MISSING'], []],
  directory: ['.', '/', '../vault'],
  timeout_seconds: [5],
  output: ['exit', 'full'],
  purpose: ['to see'],
  action: ['secret.read'],
  resource_type: ['secret'],
  description: ['x'],
  url: ['https://127.0.0.1:9/?k={{OPEN}}', 'https://localhost:9/', 'http://127.0.0.1:9/{{OPEN}}', 'file:///etc/passwd'],
  method: ['POST', 'TRACE'],
  headers: [['A: {{OPEN}}'], ['A: {{basic:me:MY_DENIED_KEY}}'], ['Host: {{OPEN}}']],
  body: ['{{json:LINES}}'],
  host: ['registry.example.com'],
  user: ['me'],
}

function samplesOf(name: string): readonly unknown[] {
  return SAMPLES[name] ?? [`no samples for the argument ${name}: add some`]
}

/** Calls that differ from the plain one in one argument, and calls with a value where something else belongs. */
function callsOf(tool: Tool): Record<string, unknown>[] {
  const names = Object.keys((inputSchema(tool) as unknown as { properties: object }).properties)
  const unthought = names.filter((name) => !(name in SAMPLES))
  if (unthought.length > 0) throw new Error(`${tool.name}: no samples for ${unthought.join(', ')}`)
  const own = (name: string): boolean => name in tool.takes
  const needed = names.filter((name) => own(name) && isNeeded(tool, name))
  const plain: Record<string, unknown> = Object.fromEntries(needed.map((name) => [name, samplesOf(name)[0]]))
  if (names.includes('secrets')) plain['secrets'] = ['OPEN', 'LINES']
  const varied = names.flatMap((name) => samplesOf(name).map((value) => ({ ...plain, [name]: value })))
  const wrong = names
    .filter((name) => name !== 'project' && name !== 'key')
    .map((name) => ({ ...plain, [name]: name === 'value' ? [CANARIES.typed] : { [CANARIES.typed]: CANARIES.typed } }))
  return [plain, ...varied, ...wrong, { ...plain, [CANARIES.typed]: 1 }, { ...plain, unheard: CANARIES.typed }]
}

interface Calls {
  name: string
  calls: Record<string, unknown>[]
}

const GRAVE = ['inject', 'write-file', 'write', 'destroy']

/** All calls. Everything that destroys comes last, so that the others have something to find. */
export function everyCall(): Calls[] {
  const ordered = TOOLS.toSorted((a, b) => GRAVE.indexOf(a.command.effect) - GRAVE.indexOf(b.command.effect))
  const never = [...NOT_FOR_AGENTS.keys()].map((name) => ({
    name,
    calls: [{ project: 'app', output_path: '.env.leak', recipients: [CANARIES.typed] }],
  }))
  return [...never, ...ordered.map((tool) => ({ name: tool.name, calls: callsOf(tool) }))]
}

/** The plain call of each tool, and every `step`-th of the others, beginning with another one in each cell. */
export function someCalls(step: number, from: number): Calls[] {
  let count = from
  return everyCall().map(({ name, calls }) => ({
    name,
    calls: calls.filter((_, i) => i === 0 || count++ % step === 0),
  }))
}

/** Makes the calls and looks for canaries; `allowed` are those that the cell lets out. */
export async function search(cell: Cell, tools: readonly Calls[]) {
  const hits: Hit[] = []
  const allowed: Hit[] = []
  let calls = 0
  let refused = 0
  await cell.client.initialize()
  const listed = await cell.client.tools()
  hits.push(...hitsIn(CANARIES, 'tools/list', JSON.stringify(listed)))
  for (const { name, calls: all } of tools) {
    for (const given of all) {
      // So many refusals would lock the client out of the agent, and hide what else there is to find.
      if (calls % 20 === 0) cell.forgive()
      const { text, data, isError } = await cell.client.call(name, given)
      if (text.includes('locked_out')) throw new Error(`${name}: the cell is locked out`)
      calls += 1
      if (isError) refused += 1
      const where = `${name} ${JSON.stringify(Object.keys(given))}`
      const found = hitsIn(CANARIES, where, `${text}\n${JSON.stringify(data)}`)
      const may = name === 'vault_get_secret' && !isError && given['project'] !== 'hidden'
      for (const hit of found) {
        const isMeant =
          may && ['open', 'old', 'lines'].includes(hit.canary) && ['OPEN', 'LINES'].includes(`${String(given['key'])}`)
        ;(isMeant ? allowed : hits).push(hit)
      }
    }
  }
  for (const uri of ['status', 'projects', 'projects/app/keys', 'projects/hidden/keys']) {
    const read = await cell.client.request('resources/read', { uri: `vault://${uri}` })
    hits.push(...hitsIn(CANARIES, uri, JSON.stringify(read)))
  }
  for (const method of ['resources/list', 'resources/templates/list', 'prompts/list']) {
    hits.push(...hitsIn(CANARIES, method, JSON.stringify(await cell.client.request(method))))
  }
  const code = await cell.end()
  hits.push(...hitsIn(CANARIES, 'stderr', cell.client.err))
  hits.push(...hitsIn(CANARIES, 'notifications', JSON.stringify([cell.client.notifications, cell.client.strays])))
  hits.push(...hitsIn(CANARIES, 'audit', cell.audit()))
  const files = filesBelow(cell.folder, cell.planted)
  hits.push(...hitsInFiles(CANARIES, files))
  const { decided } = cell
  return { hits, allowed, calls, refused, decided, files: files.length, listed, code, stderr: cell.client.err }
}

/** Searches one cell, prints its counts, and fails for what came out that should not. */
export async function searchCell(place: Place, name: string, tools: readonly Calls[]): Promise<void> {
  const cell = new Cell(place, CELLS[name]!)
  try {
    const found = await search(cell, tools)
    const { hits, allowed, calls, refused, files, listed, code, stderr } = found
    console.log(
      `matrix: ${name}: ${listed.length} of ${TOOLS.length} tools listed, ${calls} calls, ${refused} refused, ` +
        `${allowed.length} allowed and ${hits.length} forbidden hits; ${countForms(CANARIES)} forms in answers, ` +
        `stderr, audit log and ${files} files`,
    )
    expect(hits).toEqual([])
    expect([code, stderr.includes('internal')]).toEqual([0, false])
    const { rules, key, own, owner } = CELLS[name]!
    expect(found.decided > 0).toBe(owner !== undefined)
    const mayRead = key !== 'none' && (rules?.reads ?? 0) > 0 && rules?.keys === undefined
    expect(allowed.length > 0).toBe(mayRead)
    // Only what the policy permits is offered.
    const offered = listed.map((tool) => tool.name)
    const asks = own !== undefined
    const all = asks && own !== ASKED
    expect(offered.includes('vault_set_secret')).toBe(all || (rules !== undefined && rules.mode !== 'read-only'))
    expect(offered.includes('vault_get_secret')).toBe(all || (rules?.reads ?? 0) > 0)
    expect(offered.includes('vault_exec')).toBe(asks || (rules?.mode === 'full' && rules.exec === true))
    expect(offered.includes('vault_delete_secret')).toBe(all || rules?.mode === 'full')
  } finally {
    cell.remove()
  }
}
