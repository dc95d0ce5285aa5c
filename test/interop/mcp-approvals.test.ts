// The whole way of a use that needs the owner: an AI client, its server, the agent, and the owner at the command line. And
// what must not open by a detour: other words, another process, an old approval, a killed agent, a lock.
import { afterAll, expect, test } from 'bun:test'
import { beside } from '../beside.ts'
import { McpClient } from './mcp-client.ts'
import type { Reply } from './mcp-client.ts'
import { CANARIES, Cell, plantedPlace } from './mcp-place.ts'
import { ourBinary } from './peer.ts'
import { press, runInTerminal } from '../script-terminal.ts'

const POLICY = `
[session]
wait = 20
[allow all]
project = app
effect = get, run
command = printenv *
reads = 2 per hour
[approve lines]
key = LINES
`
const SLOW = 60_000

const place = plantedPlace()
afterAll(() => place.remove())

interface Room {
  cell: Cell
  /** The id of the request that waits, when there is one. */
  waiting(): Promise<string>
  owner(...words: string[]): { code: number; out: string }
  get(key: string): Promise<Reply>
}

async function within(key: 'agent' | 'passphrase', own: string, act: (room: Room) => Promise<void>): Promise<void> {
  const cell = new Cell(place, { rules: undefined, own, key })
  const owner = (...words: string[]) => {
    const { code, out, err } = cell.place.run(words)
    return { code, out: `${out.toString()}${err}` }
  }
  try {
    await cell.client.initialize({ name: 'claude', version: '2' })
    await act({
      cell,
      owner,
      get: (name) => cell.client.call('vault_get_secret', { key: name, project: 'app' }),
      async waiting() {
        for (let i = 0; i < 200; i++) {
          const { pending } = JSON.parse(owner('approvals', '--json').out) as { pending: { id: string }[] }
          if (pending[0]) return pending[0].id
          await Bun.sleep(20)
        }
        throw new Error('nothing waits')
      },
    })
  } finally {
    await cell.end()
    cell.remove()
  }
}

test(
  'a use waits, the owner allows it, and it goes on by itself',
  () =>
    within('agent', POLICY, async ({ owner, get, waiting, cell }) => {
      const reply = get('LINES')
      const id = await waiting()
      expect(owner('approvals').out).toMatch(/claude +reveal +app: LINES/)
      expect(owner('agent', 'status').out).toContain('Waiting')
      const { code, out } = owner('approvals', 'approve', id)
      expect([code, out]).toEqual([0, expect.stringContaining('Secrets: LINES')])
      expect(out).not.toContain('MIIcanary')
      expect(await reply).toMatchObject({ isError: false, data: { value: CANARIES.lines } })
      // That approval is used up, and cannot be given twice.
      const again = get('LINES')
      const second = await waiting()
      expect(second).not.toBe(id)
      expect(owner('approvals', 'approve', id).code).toBe(4)
      expect(owner('approvals', 'deny', second).code).toBe(0)
      expect(await again).toMatchObject({ isError: true, text: expect.stringContaining('approval_denied') })
      const log = cell.audit()
      expect(log).toContain('approval.decide')
      expect(log).toContain(`"approval": "${id}"`)
      expect(log).toContain('mcp claude 2')
    }),
  SLOW,
)

test(
  'an owner who watches is asked about each',
  () =>
    within('agent', POLICY, async ({ get, cell }) => {
      const { TVAULT_PASSPHRASE: words = '', ...env } = cell.place.environment
      const answers = [
        { expect: /waiting for AI agents/ },
        { expect: /Secrets: LINES[^]*Allow it\?/ },
        { send: `y${press('enter')}` },
        { expect: /passphrase/ },
        { send: `${words}${press('enter')}` },
        { expect: /allowed/ },
        { expect: /Secrets: LINES[^]*Allow it\?/ },
        { send: `n${press('enter')}` },
      ]
      const watching = runInTerminal([...ourBinary(), 'approvals', 'watch', '--count', '2'], answers, {
        cwd: cell.work,
        env,
        limitSeconds: 40,
      })
      expect(await get('LINES')).toMatchObject({ isError: false })
      expect(await get('LINES')).toMatchObject({ isError: true, text: expect.stringContaining('approval_denied') })
      const { code, stdout } = await watching
      expect([code, stdout.toString()]).toEqual([0, expect.stringContaining('1 approved, 1 refused')])
      expect(stdout.toString()).not.toContain(words)
    }),
  SLOW,
)

test(
  'an approval is for these words and this process',
  () =>
    within('agent', POLICY, async ({ owner, waiting, cell }) => {
      const run = (client: McpClient, word: string) =>
        client.call('vault_exec', { argv: ['printenv', word], secrets: ['LINES'], project: 'app', output: 'exit' })
      const first = run(cell.client, 'LINES')
      owner('approvals', 'approve', await waiting(), '--uses', '5', '--for', '10m')
      expect(await first).toMatchObject({ isError: false })
      const changed = run(cell.client, 'OTHER')
      owner('approvals', 'deny', await waiting())
      expect(await changed).toMatchObject({ isError: true })
      // Another server of the same name, in another process.
      const { TVAULT_PASSPHRASE: _, ...env } = cell.place.environment
      const other = new McpClient([...ourBinary(), 'mcp'], { cwd: cell.work, env })
      await other.initialize({ name: 'claude', version: '2' })
      const stolen = run(other, 'LINES')
      owner('approvals', 'deny', await waiting())
      expect(await stolen).toMatchObject({ isError: true })
      await other.end()
      expect(await run(cell.client, 'LINES')).toMatchObject({ isError: false })
    }),
  SLOW,
)

test(
  'a budget outlives an agent that is killed, and approvals do not',
  () =>
    within('agent', POLICY, async ({ owner, get, waiting }) => {
      expect(await get('OPEN')).toMatchObject({ isError: false })
      const reply = get('LINES')
      owner('approvals', 'approve', await waiting(), '--uses', '9', '--for', '10m')
      expect(await reply).toMatchObject({ isError: false })
      const { pid } = JSON.parse(owner('agent', 'status', '--json').out) as { pid: number }
      process.kill(pid, 'SIGKILL')
      expect(owner('unlock').code).toBe(0)
      expect(owner('approvals', '--json').out).not.toContain('"id"')
      // Two were told; a new agent, and a new server, tell no third.
      for (const key of ['OPEN', 'LINES']) {
        expect(await get(key)).toMatchObject({ isError: true, text: expect.stringContaining('budget_exhausted') })
      }
      expect(owner('audit', 'verify').code).toBe(0)
      expect(owner('doctor').code).toBe(0)
    }),
  SLOW,
)

test(
  'without an agent nobody can be asked, and tvault lock reaches a server that has the key by itself',
  () =>
    within('passphrase', POLICY, async ({ owner, get }) => {
      expect(await get('LINES')).toMatchObject({ isError: true, text: expect.stringContaining('approval_required') })
      expect(await get('OPEN')).toMatchObject({ isError: false, data: { value: CANARIES.open } })
      expect(owner('lock').code).toBe(0)
      expect(await get('OPEN')).toMatchObject({ isError: true, text: expect.stringContaining('the owner locked') })
      expect(await get('OPEN')).toMatchObject({ isError: true, data: {} })
    }),
  SLOW,
)

beside(
  'silence is a no, and what the client takes back is gone',
  () =>
    within('agent', POLICY.replace('wait = 20', 'wait = 5'), async ({ get, owner, waiting, cell }) => {
      const reply = get('LINES')
      await waiting()
      expect(await reply).toMatchObject({ isError: true, text: expect.stringContaining('approval_expired') })
      void cell.client.call('vault_get_secret', { key: 'LINES', project: 'app' }).catch(() => undefined)
      await waiting()
      cell.client.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 3 } })
      for (let i = 0; i < 100 && owner('approvals', '--json').out.includes('"id"'); i++) await Bun.sleep(20)
      expect(owner('approvals', '--json').out).not.toContain('"id"')
    }),
  SLOW,
)
