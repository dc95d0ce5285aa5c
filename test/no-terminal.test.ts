// No command ever waits for somebody who is not there: every command of the table, with its examples, without a
// terminal and with standard input closed, ends by itself, in every state a vault can be in.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { commands } from '../src/commands/index.ts'

const binary = resolve(process.env['TVAULT_BIN'] ?? join(import.meta.dir, '..', 'dist', 'tvault'))
const folder = mkdtempSync(join(tmpdir(), 'tvault-no-terminal-'))
const PASSPHRASE = 'no terminal here 3340 not a secret'
/** How long a program may take before it counts as waiting for ever. */
const LIMIT_MILLISECONDS = 10_000

interface State {
  name: string
  env: Record<string, string>
}

const STATES: State[] = [
  { name: 'no vault, no passphrase', env: { TVAULT_DIR: join(folder, 'none') } },
  { name: 'a vault, no passphrase', env: { TVAULT_DIR: join(folder, 'vault') } },
  { name: 'a vault, the wrong passphrase', env: { TVAULT_DIR: join(folder, 'vault'), TVAULT_PASSPHRASE: 'wrong' } },
  { name: 'a vault and its passphrase', env: { TVAULT_DIR: join(folder, 'working'), TVAULT_PASSPHRASE: PASSPHRASE } },
]

interface Ended {
  code: number | null
  late: boolean
  out: string
  err: string
}

async function run(words: readonly string[], env: Record<string, string>): Promise<Ended> {
  const child = Bun.spawn([binary, ...words], {
    cwd: join(folder, 'work'),
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: folder, TMPDIR: folder, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    // A session of its own has no terminal, whatever the tests were started from.
    detached: true,
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, LIMIT_MILLISECONDS)
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()])
  await child.exited
  clearTimeout(timer)
  return { code: child.exitCode, late, out, err }
}

/** Words of a command line as a shell splits them. */
function split(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** What stays until it is told to go, and so is tried elsewhere (test/scripts/agent.txt). */
const STAYS = /^agent start(?!.*--help)/

/** The code of a program that is started is the program's own. */
const STARTS = /^(?:run|ssh|docker \w+) /

/** What is tried where nothing opens: the first example of each command, or the bare command. */
const FEW = commands.map(({ path, examples }) => examples[0]?.words ?? path)
/** What is tried where the passphrase is given: each command bare, and each of its examples. */
const ALL = commands.flatMap(({ path, examples }) => [path, ...examples.map(({ words }) => words)])

beforeAll(async () => {
  mkdirSync(join(folder, 'work'))
  writeFileSync(join(folder, 'work', '.env'), 'FROM_DOTENV=1\n')
  for (const vault of ['vault', 'working']) {
    const env = { TVAULT_DIR: join(folder, vault), TVAULT_PASSPHRASE: PASSPHRASE }
    const made = await run(['init', '--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1'], env)
    expect([made.code, made.err]).toEqual([0, expect.any(String)])
    expect((await run(['set', 'API_KEY', 'value'], env)).code).toBe(0)
  }
})
afterAll(async () => {
  // `unlock` is among the lines, and starts one.
  for (const vault of ['vault', 'working']) await run(['agent', 'stop'], { TVAULT_DIR: join(folder, vault) })
  rmSync(folder, { recursive: true, force: true })
})

describe.each(STATES)('$name', ({ env }) => {
  test.concurrent(
    'every command ends by itself, without a signal, and says why it failed',
    async () => {
      const faults: string[] = []
      const lines = new Set(env['TVAULT_PASSPHRASE'] === PASSPHRASE ? ALL : FEW)
      for (const line of lines) {
        if (STAYS.test(line)) continue
        const { code, late, out, err } = await run(split(line), env)
        if (late) faults.push(`${line}: waits`)
        else if (!STARTS.test(line) && (code === null || (code >= 128 && code !== 130)))
          faults.push(`${line}: ended with ${code}`)
        else if (code === 1 && /something went wrong inside/.test(err)) faults.push(`${line}: is a bug: ${err}`)
        else if (code !== 0 && err.trim() === '' && out.trim() === '')
          faults.push(`${line}: failed (${code}) without a word`)
      }
      expect(faults).toEqual([])
    },
    5 * 60_000,
  )
})

test('the limit catches a program that waits', async () => {
  const child = Bun.spawn(['sleep', '60'], { stdin: 'ignore' })
  const won = await Promise.race([child.exited, new Promise((done) => setTimeout(() => done('late'), 50))])
  child.kill()
  expect(won).toBe('late')
})
