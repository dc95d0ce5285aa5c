// The passphrase that the owner types into the page of a waiting request passes through the server for AI agents. Nothing of
// it is in that process afterwards, neither as typed nor as a browser writes it. Needs root; the process is not dumpable.
import { afterAll, expect, test } from 'bun:test'
import { BrowserPage } from '../browser-page.ts'
import { CANARIES, Cell, plantedPlace } from '../interop/mcp-place.ts'
import { scanMemory } from './memory-scan.ts'

const IS_ROOT = process.geteuid?.() === 0
if (!IS_ROOT) console.log('\n!!! not root: the memory of the MCP server was NOT looked at\n')

const POLICY = '[session]\nwait = 30\n[allow run]\neffect = run\ncommand = true\n[approve lines]\nkey = LINES\n'
const RUN = { argv: ['true'], secrets: ['LINES'], project: 'app', output: 'exit' }

const place = plantedPlace()
const cell = new Cell(place, { rules: undefined, own: POLICY, key: 'agent' })
afterAll(async () => {
  await cell.end()
  cell.remove()
  place.remove()
})

/** The address that the client is told. */
async function shown(): Promise<string> {
  for (let i = 0; i < 500; i++) {
    const asked = cell.client.notifications.splice(0).find((one) => one['method'] === 'elicitation/create')
    if (asked) {
      cell.client.say({ jsonrpc: '2.0', id: asked['id'], result: { action: 'accept' } })
      return (asked['params'] as { url: string }).url
    }
    await Bun.sleep(20)
  }
  throw new Error('no page is shown')
}

const lookable = IS_ROOT ? test : (): void => undefined
lookable(
  'a passphrase that was typed into the page does not stay',
  async () => {
    await cell.client.initialize({ name: 'claude', version: '2' }, { elicitation: { url: {} } })
    const { passphrase } = CANARIES
    const wrong = 'wrong words 5Rf2kQ8s'
    const typed = [passphrase, wrong].flatMap((words) => [words, words.replaceAll(' ', '+')])
    const found = (needles: readonly string[]): string[] =>
      scanMemory(
        cell.client.pid,
        needles.map((name) => ({ name, bytes: Buffer.from(name) })),
      ).hits.map(({ name, place: where }) => `${name}: ${where}`)
    const reply = cell.client.call('vault_exec', RUN)
    const url = await shown()
    // The control: the scan sees what is there.
    expect(found([new URL(url).pathname]).length).toBeGreaterThan(0)
    const page = await BrowserPage.open(url)
    const next = await page.submit({ word: 'approve', passphrase: wrong })
    expect(next.status).toBe(403)
    expect(found(typed)).toEqual([])
    expect((await next.submit({ word: 'approve', passphrase })).status).toBe(200)
    expect(await reply).toMatchObject({ isError: false })
    expect(found(typed)).toEqual([])
  },
  60_000,
)
