// A program beside us, redacted: its streams, what it inherits, its signals and its end.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { press } from '../script-terminal.ts'
import { BASE, MARK, TOKEN, cleanUp, onPipes, onTerminal, prepare, root, run, sh } from './running.ts'
import type { Options } from './running.ts'

beforeAll(prepare)
afterAll(cleanUp)

describe('without a terminal', () => {
  test('both streams are redacted and stay apart, and the code is the program’s', async () => {
    const script =
      'echo "a $KEY b"; echo "e $KEY" >&2; printf %s "$KEY" | base64; for c in s k _; do printf $c; done; exit 7'
    expect(await run(sh(script))).toEqual({ out: `a ${MARK} b\n${MARK}\nsk_`, err: `e ${MARK}\n`, code: 7 })
  })

  test('a value that is written byte by byte (C9)', async () => {
    const script = 'printf "%s" "$KEY" | while IFS= read -r -n 1 c; do printf %s "$c"; done; printf "\\n"'
    expect((await run(['bash', '-c', script])).out).toBe(`${MARK}\n`)
  })

  test('one stream for both keeps their order', async () => {
    const script = 'for i in 1 2 3 4; do echo "o$i $KEY"; echo "e$i" >&2; done'
    const { out } = await run(sh(script), { around: '"$@" 2>&1' })
    expect(out).toBe([1, 2, 3, 4].map((i) => `o${i} ${MARK}\ne${i}\n`).join(''))
  })

  test('what is held back is shown to who waits for it', async () => {
    // "s" may be the beginning of the value; the other side answers only when it has come.
    const fifo = join(root, 'answer')
    const { running, ended } = onPipes(sh(`mkfifo ${fifo}; printf 'ok s'; read x < ${fifo}; echo "k_$x"`))
    await running.until('ok s')
    writeFileSync(fifo, 'done\n')
    expect((await ended).out).toBe('ok sk_done\n')
  })

  test('much output, and a reader that goes away', async () => {
    const { out, code } = await run(sh('i=0; while [ $i -lt 3000 ]; do echo "$i $KEY and more"; i=$((i+1)); done'))
    expect([out.split(MARK).length - 1, code]).toEqual([3000, 0])
    const gone = await run(['yes', 'line'], { around: '{ "$@"; echo "code $?" >&2; } | head -n 1' })
    expect([gone.out, gone.err]).toEqual(['line\n', 'code 141\n'])
  })

  test('output of what the program leaves running', async () => {
    const fifo = join(root, 'late')
    const { running, ended } = onPipes(sh(`mkfifo ${fifo}; (read x < ${fifo}; echo "late $KEY") & echo first`))
    await running.until('first')
    writeFileSync(fifo, 'x\n')
    expect((await ended).out).toBe(`first\nlate ${MARK}\n`)
  })
})

describe('what the program inherits', () => {
  test('the environment that was promised, to the byte', async () => {
    const { out } = await run(['sh', '-c', 'env -0 | tr "\\0" "\\n" | sort'], {
      inject: { KEPT: 'won', RAW: '\xff\x80' },
      env: { TVAULT_PASSPHRASE: 'p', BUN_OPTIONS: '' },
    })
    const { HOME, PATH, TERM } = BASE
    const expected = [`HOME=${HOME}`, 'KEPT=won', `PATH=${PATH}`, `PWD=${root}`, 'RAW=\xff\x80', `TERM=${TERM}`]
    expect(out.split('\n').filter((line) => line !== '' && !/^(?:_|OLDPWD|SHLVL)=/.test(line))).toEqual(
      [...expected, 'TVAULT_DIR=/d'].toSorted(),
    )
  })

  test('no signal ignored or blocked, no descriptor of ours, the core limit that we were given', async () => {
    const { out } = await run(sh('grep -E "^Sig(Ign|Blk)" /proc/self/status; ls /proc/self/fd; ulimit -S -c'), {
      around: 'ulimit -S -c 5 2> /dev/null; exec "$@"',
    })
    const limit = Bun.spawnSync(sh('ulimit -S -c 5 2> /dev/null; ulimit -S -c')).stdout.toString()
    expect(out).toBe(`SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0\n1\n2\n3\n${limit}`)
  })

  test('its words, and files in memory', async () => {
    const given = ['', ' ', '--', 'a b', '"', '$HOME', 'é\n☃']
    const { out } = await run(['sh', '-c', 'printf "%s\\0" "$@"; cat "$FILE"', 'sh', ...given], {
      files: { FILE: `x\0${TOKEN}` },
    })
    expect(Buffer.from(out, 'latin1').toString().split('\0')).toEqual([...given, '[REDACTED:FILE]'])
  })

  test('nothing of the values is left with us, and they are gone before it starts', async () => {
    const script = 'p=$(awk "{print \\$4}" /proc/$$/stat); tr "\\0" "\\n" < /proc/$p/environ | grep -c KEY=; exit 0'
    const { out, err } = await run(sh(script), { env: { SAY: '1' } })
    expect([out, err]).toEqual(['0\n', 'released with 0 bytes\n'])
  })
})

describe('what cannot be started, or hidden', () => {
  test('is 127, 126 or 1, and says why', async () => {
    const lost = join(root, 'lost')
    writeFileSync(lost, '#!/no/such/interpreter\n')
    const text = join(root, 'text')
    writeFileSync(text, 'no program\n')
    for (const path of [lost, text]) chmodSync(path, 0o700)
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`K${i}`, `fill:${120_000 + 2 * i}`]))
    const cases: [string, Options, number, string][] = [
      ['no-such-program', {}, 127, 'command not found'],
      [lost, {}, 126, 'interpreter'],
      [text, {}, 126, 'has no #! line'],
      ['true', { inject: { BAD_ONE: 'a\0b' } }, 1, 'BAD_ONE'],
      ['true', { inject: many }, 1, 'K59 (120118 bytes)'],
    ]
    for (const [command, options, code, said] of cases) {
      const ended = await run([command], options)
      expect([command, ended.code]).toEqual([command, code])
      expect(ended.err).toContain(said)
    }
  })

  test('values that cannot be hidden are named, and refused with strict', async () => {
    const inject = { PORT: '8080', ON: 'y', KEY: TOKEN, MODE: 'production' }
    const { err, out, code } = await run(sh('echo "$PORT $ON $MODE"'), { inject })
    expect([out, code]).toEqual(['[REDACTED:PORT] y [REDACTED:MODE]\n', 0])
    expect(err.split('\n')[0]).toEndWith('output: ON')
    expect(err.split('\n')[1]).toEndWith('where: PORT, MODE')
    const refused = await run(['touch', 'ran'], { inject, strict: true })
    expect([refused.code, existsSync(join(root, 'ran'))]).toEqual([8, false])
    expect(refused.err).toContain('PORT, ON, MODE')
    expect(refused.err).not.toMatch(/8080|production/)
    expect((await run(['true'], { strict: true })).code).toBe(0)
  })

  test('the word of the second process does nothing by itself, and leaves an open file alone', () => {
    const file = join(root, 'precious')
    writeFileSync(file, 'precious')
    const main = join(import.meta.dir, '../../src/main.ts')
    const done = Bun.spawnSync(['sh', '-c', `exec "$0" "$@" 3<>${file}`, process.execPath, main, '--launch'])
    expect([done.exitCode, done.stdout.toString(), readFileSync(file, 'utf8')]).toEqual([2, '', 'precious'])
  })
})

const COUNTING =
  'for s in INT TERM HUP QUIT USR1 ALRM; do trap "echo got-$s" $s; done; trap "echo end; exit 5" USR2; echo ready; while :; do sleep 0.02; done'

describe('signals (W42)', () => {
  test('every one reaches the program, every time', async () => {
    const { child, running, ended } = onPipes(sh(COUNTING))
    await running.until('ready')
    for (const signal of [
      'SIGTERM',
      'SIGTERM',
      'SIGTERM',
      'SIGHUP',
      'SIGUSR1',
      'SIGQUIT',
      'SIGINT',
      'SIGALRM',
    ] as const) {
      const before = running.seen.length
      child.kill(signal)
      await running.when(() => running.seen.length > before, signal)
    }
    child.kill('SIGUSR2')
    const { out, code } = await ended
    const names = ['TERM', 'TERM', 'TERM', 'HUP', 'USR1', 'QUIT', 'INT', 'ALRM']
    expect([out, code]).toEqual([`ready\n${names.map((name) => `got-${name}\n`).join('')}end\n`, 5])
  })

  test('one that ends it is 128 + n', async () => {
    for (const [signal, code] of [
      ['TERM', 143],
      ['KILL', 137],
      ['HUP', 129],
      ['SEGV', 139],
    ] as const) {
      expect([signal, (await run(sh(`kill -${signal} $$`))).code]).toEqual([signal, code])
    }
  })

  test('what it leaves behind does not keep us when it was told to stop', async () => {
    const { child, running, ended } = onPipes(sh('echo ready; sleep 60; true'))
    await running.until('ready')
    child.kill('SIGTERM')
    expect((await ended).code).toBe(143)
  })

  test('it dies with us', async () => {
    for (const start of [onPipes, onTerminal]) {
      const { child, running } = start(sh('trap "" HUP TERM; echo "pid=$$."; while :; do sleep 1; done'))
      await running.until('.')
      const pid = /pid=(\d+)\./.exec(running.seen)?.[1]
      expect(existsSync(`/proc/${pid}/stat`)).toBeTrue()
      child.kill('SIGKILL')
      const isGone = () => {
        try {
          return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
        } catch {
          return true
        }
      }
      await running.when(isGone, 'the end of the program')
    }
  })

  test('Ctrl-C reaches it once, on its terminal and in a pipeline', async () => {
    const whole = onTerminal(sh(COUNTING))
    await whole.running.until('ready')
    whole.terminal.write(press('ctrl-c'))
    await whole.running.until('got-INT')
    whole.child.kill('SIGUSR2')
    expect((await whole.ended).out).toBe('ready\n^Cgot-INT\nend\n')

    const piped = onTerminal(sh(`echo "own=$PPID;"; ${COUNTING}`), {
      around: 'trap : INT; "$@" | { trap "" INT; cat; }',
    })
    await piped.running.until('ready')
    piped.terminal.write(press('ctrl-c'))
    await piped.running.until('got-INT')
    process.kill(Number(/own=(\d+);/.exec(piped.running.seen)?.[1]), 'SIGUSR2')
    await piped.running.until('end')
    expect(piped.running.seen.split('got-INT').length - 1).toBe(1)
    await piped.ended
  })
})
