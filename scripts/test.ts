// What `npm test` runs once everything is built: checks, house, unit and contract tests on the sources, and the
// journeys and the exchange with the Go program on dist/tvault. Ends with exactly one line `N passed, N failed`; exit
// code 1 when anything failed, when a suite ran nothing, or when a test was left out.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peer } from '../bench/peer.ts'
import { check } from './check.ts'

const root = join(import.meta.dir, '..')
const scratch = mkdtempSync(join(tmpdir(), 'tvault-test-'))

interface Counts {
  passed: number
  failed: number
}

type Suite = 'house' | 'contract' | 'journeys' | 'interop' | 'clients' | 'unit'

/** Which suite a path of test/ belongs to; `undefined` for what is no test or runs elsewhere (`npm run test:slow`). */
function suiteOf(path: string): Suite | undefined {
  const [room = '', file] = path.split('/')
  if (room === 'interop') return /^(agent|mcp)/.test(file ?? '') ? 'clients' : 'interop'
  if (room === 'house' || room === 'contract') return room
  if (file === undefined) return 'journeys'
  return ['slow', 'scripts', 'golden', 'reference', 'vectors'].includes(room) ? undefined : 'unit'
}

/** The environment of tests: nothing of the caller's vault or home, temporary files in one folder of this run. */
function environment(name: string): Record<string, string> {
  const home = join(scratch, `${name}-home`)
  const temporary = join(scratch, `${name}-tmp`)
  for (const folder of [home, temporary]) mkdirSync(folder, { mode: 0o700 })
  const own = Object.entries(process.env).filter(([key]) => !/^(TVAULT_|NODE_OPTIONS$|LD_)/.test(key))
  return { ...(Object.fromEntries(own) as Record<string, string>), HOME: home, TMPDIR: temporary, NO_COLOR: '1' }
}

/** Runs one suite and prints its counts; its output only when something is wrong. */
async function suite(name: Suite, words: readonly string[]): Promise<Counts> {
  const start = performance.now()
  const paths = [...new Bun.Glob('**/*.test.ts').scanSync(join(root, 'test'))]
    .filter((path) => suiteOf(path) === name)
    .toSorted()
    .map((path) => `./test/${path}`)
  const child = Bun.spawn([process.execPath, 'test', '--only-failures', ...words, ...paths], {
    cwd: root,
    env: environment(name),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  const count = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}$`, 'm').exec(err)?.[1] ?? 0)
  const passed = count('pass')
  // A crash, a suite without tests and a test that was left out are failures too.
  const wrong = count('fail') + count('skip') + count('todo')
  const failed = wrong === 0 && (code !== 0 || passed === 0) ? 1 : wrong
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (failed > 0) console.log(`${out}${err}`.trimEnd())
  console.log(`${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed (${seconds} s)`)
  return { passed, failed }
}

const results: Counts[] = []
try {
  results.push(await check())
  // Fetched like every other package; where the Go program cannot be had, the tests that compare with it say so.
  peer()
  results.push(await suite('house', []))
  // Two at a time, the longest first: the machines that run this have two cores.
  const queue: [Suite, string[]][] = [
    ['journeys', ['--max-concurrency=2', '--timeout=120000']],
    ['unit', ['--timeout=60000']],
    ['clients', ['--timeout=180000']],
    ['interop', ['--timeout=180000']],
    ['contract', ['--timeout=120000']],
  ]
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) results.push(await suite(...next))
  }
  await Promise.all([work(), work()])
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
const total = (pick: keyof Counts): number => results.reduce((sum, counts) => sum + counts[pick], 0)
console.log(`${total('passed')} passed, ${total('failed')} failed`)
process.exitCode = total('failed') === 0 ? 0 : 1
