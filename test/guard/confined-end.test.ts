// How a confined program ends: in time, with everything that it started, whatever they do to stay.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beside } from '../beside.ts'
import { Secret } from '../../src/lib/secret.ts'
import { markedProcesses, newMark, signalMarked } from '../../src/guard/strays.ts'
import type { ConfinedWish } from '../../src/guard/confined.ts'
import { cleanUp, prepare, root, run, sh, vault, wish, work } from './confined-run.ts'

beforeAll(prepare)
afterAll(cleanUp)

const LIMIT_MILLISECONDS = 10_000
const isRoot = process.getuid?.() === 0

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + LIMIT_MILLISECONDS
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come`)
    await Bun.sleep(5)
  }
}

/** Numbers that the program printed, one in a line. */
const numbers = (out: string): number[] => out.trim().split('\n').map(Number)

/** Enough for a program to start on a busy machine; the tests wait for it beside the others. */
const TIME_SECONDS = 4

describe('nothing is left', () => {
  /** A shell script that starts `job`, and ends when the job has told its number. */
  const leaving = (job: string): string => `${job}\nwhile [ ! -s pid ]; do sleep 0.01; done; cat pid; rm pid`
  const cases: Record<string, string> = {
    'a job in the background': 'sleep 600 & echo $! > pid',
    'a session of its own (C10)': "setsid sh -c 'echo $$ > pid; exec sleep 600' &",
    'two forks, so that nobody is its parent': "(setsid sh -c 'echo $$ > pid; exec sleep 600' &)",
    'one that lets go of everything': "setsid sh -c 'echo $$ > pid; exec sleep 600 < /dev/null > /dev/null 2>&1' &",
    'one that does not listen': 'setsid sh -c \'trap "" TERM HUP INT; echo $$ > pid; while :; do sleep 600; done\' &',
    'one that stands still': "setsid sh -c 'echo $$ > pid; kill -STOP $$' &",
    'one with another name and no environment': "env -i setsid bash -c 'echo $$ > pid; exec -a kworker sleep 600' &",
  }
  test.each(Object.entries(cases))('%s', async (_, job) => {
    const { out, exitCode, strays, milliseconds } = await run(sh(leaving(job)))
    const [pid = 0] = numbers(out)
    expect([pid > 0, isAlive(pid), exitCode, strays.left]).toEqual([true, false, 0, 0])
    expect(strays.killed).toBeGreaterThan(0)
    expect(milliseconds).toBeLessThan(5000)
  })

  test('many that go on making others', async () => {
    // Each makes the next one in a session of its own, until there were 150 of them.
    const script = `cat > chain <<'END'
echo $$ >> chained
[ $1 -gt 0 ] && setsid sh chain $(($1 - 1)) &
exec sleep 600
END
for i in 1 2 3 4 5; do sh chain 30 & done
while [ $(cat chained 2> /dev/null | wc -l) -lt 20 ]; do sleep 0.01; done`
    const { strays } = await run(sh(script))
    const all = numbers(readFileSync(join(work, 'chained'), 'latin1'))
    expect([all.filter(isAlive), strays.left]).toEqual([[], 0])
    expect(strays.killed).toBeGreaterThanOrEqual(20)
  })

  test('nobody else is taken for one of them', async () => {
    const other = Bun.spawn(['sleep', '600'])
    const neighbour = run(sh('while [ ! -e done ]; do sleep 0.02; done'))
    await run(sh('sleep 600 & sleep 600 &'))
    expect(isAlive(other.pid)).toBe(true)
    other.kill('SIGKILL')
    writeFileSync(join(work, 'done'), '')
    const { exitCode, strays } = await neighbour
    expect([exitCode, strays.killed]).toEqual([0, 0])
  })

  test('a mark that nobody has', () => {
    const marks = Array.from({ length: 100 }, newMark)
    expect(new Set(marks).size).toBe(100)
    expect(marks.every((mark) => Number.isSafeInteger(mark))).toBe(true)
    expect([markedProcesses(marks[0]!), signalMarked(marks[0]!, 9)]).toEqual([[], 0])
  })
})

test('several at once do not wait for each other (C11)', async () => {
  const meet = join(work, 'meet')
  mkdirSync(meet)
  // Each is done when all are there.
  const script = (i: number): string =>
    `touch ${meet}/${i}; while [ $(ls ${meet} | wc -l) -lt 4 ]; do sleep 0.02; done; echo ${i} $KEY`
  const all = [0, 1, 2, 3].map((i) =>
    run(sh(script(i)), { given: [{ to: 'environment', name: 'KEY', value: Secret.fromText(`value-${i}`) }] }),
  )
  expect((await Promise.all(all)).map(({ out }) => out)).toEqual([0, 1, 2, 3].map((i) => `${i} value-${i}\n`))
})

describe('beside us', () => {
  /** Starts confined-as.ts with a wish. */
  function start(more: Partial<ConfinedWish>, before: readonly string[] = []) {
    const words = JSON.stringify({ ...wish, ...more })
    const program = [process.execPath, join(import.meta.dir, 'confined-as.ts'), words, join(root, 'launcher.js'), root]
    return Bun.spawn([...before, ...program], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      stdout: 'pipe',
      stderr: 'inherit',
    })
  }

  test('when we are killed, the program is killed', async () => {
    const note = join(work, 'note')
    const child = start({ command: sh(`echo $$ > ${note}; exec sleep 600`) })
    await until(() => existsSync(note) && readFileSync(note, 'latin1').endsWith('\n'), 'the start')
    const pid = Number(readFileSync(note, 'latin1'))
    expect(isAlive(pid)).toBe(true)
    child.kill('SIGKILL')
    await until(() => !isAlive(pid), 'its end')
  })

  test('one that only makes others has a limit', async () => {
    const bomb = 'i=0; while [ $i -lt 100 ]; do sleep 600 & i=$((i + 1)); done; echo all'
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    if (isRoot && Bun.which('setpriv') === null)
      return console.warn('NOT TRIED: a limit of threads, which root has not')
    for (const directory of [root, work]) chmodSync(directory, 0o777)
    const child = start(
      { command: sh(bomb), threads: 30, files: { write: [work], hidden: [vault] } },
      isRoot ? nobody : [],
    )
    const { out, err, strays } = JSON.parse(await child.stdout.text())
    expect([out, /fork/i.test(err), strays.left]).toEqual(['', true, 0])
    expect(strays.killed).toBeLessThanOrEqual(30)
    expect(strays.killed).toBeGreaterThan(10)
  })
})

/** What has seconds, and begins with the first test of the file. */
const inTime = (name: string, act: () => Promise<void>) => beside(`in time > ${name}`, act, 30_000)

inTime('what ends when it is asked to, ends by itself', async () => {
  const { out, timedOut, signal, milliseconds } = await run(
    sh('trap "echo tidy; exit 3" TERM; while :; do sleep 0.05; done'),
    {
      timeoutSeconds: TIME_SECONDS,
    },
  )
  expect([out, timedOut, signal]).toEqual(['tidy\n', true, undefined])
  expect(milliseconds).toBeLessThan(10_000)
})

inTime('what does not is killed', async () => {
  const short = { timeoutSeconds: TIME_SECONDS, graceSeconds: 0.2 }
  const { timedOut, signal, exitCode } = await run(sh('trap "" TERM INT HUP; while :; do sleep 0.05; done'), short)
  expect([timedOut, signal, exitCode]).toEqual([true, 'SIGKILL', 137])
})

inTime('also when it stands still', async () => {
  const { timedOut, signal } = await run(sh('kill -STOP $$'), { timeoutSeconds: TIME_SECONDS, graceSeconds: 0.2 })
  expect([timedOut, signal]).toEqual([true, 'SIGKILL'])
})

inTime('what it was asked for so far comes back', async () => {
  const { out, timedOut } = await run(sh('echo begun; exec sleep 30'), { timeoutSeconds: TIME_SECONDS })
  expect([out, timedOut]).toEqual(['begun\n', true])
})

inTime('the others of its group have the same time to end by themselves', async () => {
  const script = '(trap "sleep 0.2; echo tidy; exit" TERM; while :; do sleep 0.05; done) & wait'
  const { out, timedOut, strays } = await run(sh(script), { timeoutSeconds: TIME_SECONDS })
  expect([out, timedOut, strays]).toEqual(['tidy\n', true, { killed: 0, left: 0 }])
})

inTime('when somebody changes his mind', async () => {
  const stop = new AbortController()
  const begun = join(work, 'begun')
  const running = run(sh(`touch ${begun}; exec sleep 30`), {}, { cancel: stop.signal })
  await until(() => existsSync(begun), 'the start')
  stop.abort()
  const { cancelled, timedOut, signal } = await running
  expect([cancelled, timedOut, signal]).toEqual([true, false, 'SIGTERM'])
  expect((await run(sh('exec sleep 30'), {}, { cancel: AbortSignal.abort() })).cancelled).toBe(true)
})
