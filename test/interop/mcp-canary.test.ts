// The canary matrix: every tool of the server, with every kind of target, under every kind of policy and key. Whatever
// comes back, and whatever is left behind, is searched for the planted values in all their forms. A server that leaks
// on purpose shows that the search finds something.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { TOOLS } from '../../src/modes/mcp/tools.ts'
import { fieldOf } from '../../src/modes/mcp/tool.ts'
import type { Tool } from '../../src/modes/mcp/tool.ts'
import { countForms, filesBelow, hitsIn, hitsInFiles } from './mcp-canary.ts'
import type { Hit } from './mcp-canary.ts'
import { CANARIES, Cell, plantedPlace } from './mcp-place.ts'
import type { CellWish } from './mcp-place.ts'

const FULL = { mode: 'full', reads: 5, exec: true } as const
const CELLS: Readonly<Record<string, CellWish>> = {
  'no policy': { rules: undefined, key: 'passphrase' },
  'read-only': { rules: { mode: 'read-only', reads: 3 }, key: 'passphrase' },
  'read-only, no reads': { rules: { mode: 'read-only', reads: 0 }, key: 'passphrase' },
  'read-write': { rules: { mode: 'read-write', reads: 3 }, key: 'passphrase' },
  'full, exec denied': { rules: { ...FULL, exec: false }, key: 'passphrase' },
  full: { rules: FULL, key: 'passphrase' },
  'full, every key denied': { rules: { ...FULL, keys: [] }, key: 'passphrase' },
  'agent-backed': { rules: FULL, key: 'agent' },
  'agent-backed, no policy': { rules: undefined, key: 'agent' },
  locked: { rules: FULL, key: 'none' },
}

/** What is given for an argument. An argument that is not here is one that nobody thought about. */
const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  key: ['OPEN', 'LINES', 'MY_DENIED_KEY', 'DEEP', 'MISSING', 'NEW_KEY', 'BASH_ENV'],
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
  project: ['app', 'hidden', 'nope'],
  prefix: ['', 'MY_D', 'OP'],
  name_like: ['*denied*', 'o*'],
  description_like: ['*'],
  compare_values: [true],
  allow_empty: [true],
  force: [true],
  limit: [1, 1000],
  since: ['1970-01-01'],
  until: ['2h'],
  min_version: [2],
  version: [1, 2, 9],
  to_version: [1, 9],
  length: [24],
  charset: ['hex'],
  group: ['nope'],
  env: ['nope'],
  argv: [
    ['env'],
    ['cat', '/proc/self/environ'],
    ['sh', '-c', 'printf %s "$OPEN" | od -An -tx1 | tr -d " \\n"'],
    ['sh', '-c', 'printf %s "$OPEN" | rev; printf %s "$LINES" >&2; exit 3'],
    ['sh', '-c', 'printf %s "$OPEN" | base64'],
    ['no-such-program'],
  ],
  command: ['env', "printf '%s' x", 'echo $OPEN'],
  secrets: [['OPEN'], ['OPEN', 'LINES'], ['MY_DENIED_KEY'], ['MISSING'], []],
  directory: ['.', '/', '../vault'],
  timeout_seconds: [5],
  output: ['exit', 'full'],
  purpose: ['to see'],
  action: ['secret.read'],
  resource_type: ['secret'],
  description: ['x'],
}

function samplesOf(name: string): readonly unknown[] {
  return SAMPLES[name] ?? [`no samples for the argument ${name}: add some`]
}

/** Calls that differ from the plain one in one argument, and calls with a value where something else belongs. */
function callsOf(tool: Tool): Record<string, unknown>[] {
  const names = [...Object.keys(tool.takes), ...(tool.hasProject ? ['project'] : [])]
  const unthought = names.filter((name) => !(name in SAMPLES))
  if (unthought.length > 0) throw new Error(`${tool.name}: no samples for ${unthought.join(', ')}`)
  const needed = names.filter(
    (name) => name !== 'project' && (fieldOf(tool, name).required === true || tool.needs.includes(name)),
  )
  const plain: Record<string, unknown> = Object.fromEntries(needed.map((name) => [name, samplesOf(name)[0]]))
  if (names.includes('secrets')) plain['secrets'] = ['OPEN', 'LINES']
  const varied = names.flatMap((name) => samplesOf(name).map((value) => ({ ...plain, [name]: value })))
  const wrong = names
    .filter((name) => name !== 'project' && fieldOf(tool, name).kind !== 'text' && name !== 'key')
    .map((name) => ({ ...plain, [name]: name === 'value' ? [CANARIES.typed] : CANARIES.typed }))
  return [plain, ...varied, ...wrong, { ...plain, [CANARIES.typed]: 1 }, { ...plain, unheard: CANARIES.typed }]
}

const GRAVE = ['inject', 'write', 'destroy']
/** Everything that destroys comes last, so that the others have something to find. */
const ordered = TOOLS.toSorted((a, b) => GRAVE.indexOf(a.command.effect) - GRAVE.indexOf(b.command.effect))

/** `allowed` says in which answer which value may be. */
async function run(cell: Cell, tools: readonly { name: string; calls: Record<string, unknown>[] }[]) {
  const hits: Hit[] = []
  const allowed: Hit[] = []
  let calls = 0
  let refused = 0
  await cell.client.initialize()
  const listed = await cell.client.tools()
  for (const { name, calls: all } of tools) {
    for (const given of all) {
      const { text, data, isError } = await cell.client.call(name, given)
      calls += 1
      if (isError) refused += 1
      const found = hitsIn(
        CANARIES,
        `${name} ${JSON.stringify(Object.keys(given))}`,
        `${text}\n${JSON.stringify(data)}`,
      )
      const may = name === 'vault_get_secret' && !isError && given['project'] !== 'hidden'
      for (const hit of found) {
        const isMeant =
          may && ['open', 'old', 'lines'].includes(hit.canary) && ['OPEN', 'LINES'].includes(`${String(given['key'])}`)
        ;(isMeant ? allowed : hits).push(hit)
      }
    }
  }
  for (const uri of [
    'vault://status',
    'vault://projects',
    'vault://projects/app/keys',
    'vault://projects/hidden/keys',
  ]) {
    hits.push(...hitsIn(CANARIES, uri, JSON.stringify(await cell.client.request('resources/read', { uri }))))
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
  return { hits, allowed, calls, refused, files: files.length, listed, code, stderr: cell.client.err }
}

const place = plantedPlace()
afterAll(() => place.remove())

const ALL = ordered.map((tool) => ({ name: tool.name, calls: callsOf(tool) }))
const SLOW = 60_000

test.each(Object.keys(CELLS))(
  'nothing comes out: %s',
  async (name) => {
    const cell = new Cell(place, CELLS[name]!)
    try {
      const { hits, allowed, calls, refused, files, listed, code, stderr } = await run(cell, ALL)
      console.log(
        `matrix: ${name}: ${listed.length} of ${TOOLS.length} tools listed, ${calls} calls, ${refused} refused, ` +
          `${allowed.length} allowed and ${hits.length} forbidden hits; ${countForms(CANARIES)} forms in answers, ` +
          `stderr, audit log and ${files} files`,
      )
      expect(hits).toEqual([])
      expect([code, stderr.includes('internal')]).toEqual([0, false])
      const { rules, key } = CELLS[name]!
      const mayRead = key !== 'none' && (rules?.reads ?? 0) > 0 && rules?.keys === undefined
      expect(allowed.length > 0).toBe(mayRead)
      // Only what the policy permits is offered.
      const offered = listed.map((tool) => tool.name)
      expect(offered.includes('vault_set_secret')).toBe(rules !== undefined && rules.mode !== 'read-only')
      expect(offered.includes('vault_get_secret')).toBe((rules?.reads ?? 0) > 0)
      expect(offered.includes('vault_exec')).toBe(rules?.mode === 'full' && rules.exec === true)
      expect(offered.includes('vault_delete_secret')).toBe(rules?.mode === 'full')
    } finally {
      cell.remove()
    }
  },
  SLOW,
)

test(
  'a tool that leaks on purpose is found',
  async () => {
    const program = [process.execPath, join(import.meta.dir, 'mcp-leaky.ts'), 'mcp']
    const cell = new Cell(place, { rules: { mode: 'read-only', reads: 3 }, key: 'passphrase', program })
    try {
      const { hits } = await run(cell, [{ name: 'vault_leak', calls: [{}] }])
      expect(hits.map(({ canary, form }) => `${canary} ${form}`)).toContain('open reversed')
    } finally {
      cell.remove()
    }
  },
  SLOW,
)
