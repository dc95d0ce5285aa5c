// A program beside us, redacted: its streams and its terminal, its signals and its end, and what it inherits.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { press } from '../script-terminal.ts'

const root = mkdtempSync(join(tmpdir(), 'supervise-'))
const program = join(root, 'redacted.js')
// In one file, because the tests start it a hundred times.
beforeAll(async () => {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, 'redacted.ts')],
    target: 'bun',
    throw: true,
  })
  await Bun.write(program, outputs[0]!)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const TOKEN = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'
const MARK = '[REDACTED:KEY]'
const BASE = { PATH: process.env['PATH'] ?? '', HOME: root, TERM: 'xterm', KEPT: 'kept', TVAULT_DIR: '/d' }
const LIMIT_MILLISECONDS = 15_000

interface Options {
  inject?: Record<string, string>
  files?: Record<string, string>
  strict?: boolean
  env?: Record<string, string>
  /** A shell script that starts the program as `"$@"`. */
  around?: string
}

function words(command: readonly string[], { inject = { KEY: TOKEN }, files, strict, around }: Options): string[] {
  const own = [process.execPath, program, JSON.stringify({ command, inject, files, strict })]
  return around === undefined ? own : ['sh', '-c', around, 'sh', ...own]
}

const sh = (script: string): string[] => ['sh', '-c', script]

/** A program whose output is collected while it runs. */
class Running {
  seen = ''
  #wake: () => void = () => undefined

  hear(bytes: Uint8Array): void {
    this.seen += Buffer.from(bytes).toString('latin1')
    this.#wake()
  }

  /** Waits until `text` was seen. */
  async until(text: string): Promise<void> {
    await this.when(() => this.seen.includes(text), text)
  }

  async when(holds: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + LIMIT_MILLISECONDS
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`${what} never came; there was ${JSON.stringify(this.seen)}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, 20)
      await promise
      clearTimeout(timer)
    }
  }
}

/** With pipes, in a session of its own, so that there is no terminal at all. */
function onPipes(command: readonly string[], options: Options = {}) {
  const running = new Running()
  const child = Bun.spawn(words(command, options), {
    env: { ...BASE, ...options.env },
    cwd: root,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
  })
  const read = async () => {
    for await (const bytes of child.stdout) running.hear(bytes)
  }
  const all = Promise.all([read(), child.stderr.text(), child.exited])
  return { child, running, ended: all.then(([, err, code]) => ({ out: running.seen, err, code })) }
}

/** On a terminal of 90 columns and 33 rows. */
function onTerminal(command: readonly string[], options: Options = {}) {
  const running = new Running()
  const child = Bun.spawn(words(command, options), {
    env: { ...BASE, ...options.env },
    cwd: root,
    terminal: { cols: 90, rows: 33, data: (_, bytes) => running.hear(bytes) },
  })
  const ended = child.exited.then((code) => ({ code, out: running.seen.replaceAll('\r', '') }))
  return { child, running, ended, terminal: child.terminal! }
}

const run = (command: readonly string[], options?: Options) => onPipes(command, options).ended

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

    const around = 'trap : INT; { "$@" & echo "pid=$!."; wait; wait; } | { trap "" INT; cat; }'
    const script = `echo "own=$PPID;"; ${COUNTING}`
    const piped = onTerminal(sh(script), { around: around.replace('& echo "pid=$!."; wait; wait;', ';') })
    await piped.running.until('ready')
    piped.terminal.write(press('ctrl-c'))
    await piped.running.until('got-INT')
    process.kill(Number(/own=(\d+);/.exec(piped.running.seen)?.[1]), 'SIGUSR2')
    await piped.running.until('end')
    expect(piped.running.seen.split('got-INT').length - 1).toBe(1)
    await piped.ended
  })
})

describe('on a terminal', () => {
  test('all three streams are one, of our size, with our settings', async () => {
    const around = 'stty erase ^H -echoctl; "$@"'
    const script = 'for i in 0 1 2; do [ -t $i ] && echo tty; done; stty size; stty -a; echo "$KEY" >&2'
    const { out, code } = await onTerminal(sh(script), { around }).ended
    expect(out).toStartWith('tty\ntty\ntty\n33 90\n')
    expect(out).toMatch(/erase = \^H;/)
    expect(out).toContain('-echoctl')
    expect(out).toEndWith(`${MARK}\n`)
    expect(code).toBe(0)
  })

  test('a person is asked, and answers', async () => {
    const { running, terminal, ended } = onTerminal(
      sh('printf "Name: "; read x; stty -echo; printf "Word: "; read y; stty echo; echo "<$x,$y,$KEY>"'),
    )
    await running.until('Name: ')
    terminal.write('bob\r')
    await running.until('Word: ')
    terminal.write('hidden\r')
    expect((await ended).out).toBe(`Name: bob\nWord: <bob,hidden,${MARK}>\n`)
  })

  test('every key passes as it is, and the end of input', async () => {
    const { running, terminal, ended } = onTerminal(
      sh('stty raw -echo; echo go; head -c 7 | od -An -c; stty sane; echo sane; cat; echo end'),
    )
    await running.until('go')
    terminal.write('\u0003\u001a\u0011\u001b[A\r')
    await running.until('sane')
    terminal.write(`line\r`)
    await running.until('line\r\nline')
    terminal.write(press('ctrl-d'))
    expect((await ended).out).toMatch(/go\n *003 032 021 033 {3}\[ {3}A {2}\\r\nsane\nline\nline\nend\n$/)
  })

  test('a new size is passed on', async () => {
    const script = 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.02; done'
    const { running, terminal, ended } = onTerminal(sh(script))
    await running.until('ready')
    terminal.resize(71, 19)
    expect((await ended).out).toBe('ready\n19 71\n')
  })

  test('values drawn in pieces, in colours and encoded', async () => {
    const script = [
      `printf '\\033[2J\\033[1;1H\\033[32m%s\\033[0m%s\\033[5;3H' sk_live_4eC39HqLyj WDarjtT1zdp7dc`,
      'printf %s "$KEY" | base64',
      'printf %s "$KEY" | od -An -tx1 -w1000 | tr -d " "',
    ].join('; ')
    const { out } = await onTerminal(sh(script)).ended
    expect(out).toBe(`\u001b[2J\u001b[1;1H\u001b[32m${MARK}\u001b[0m\u001b[5;3H${MARK}\n${MARK}\n`)
  })

  test('redirected streams stay redirected', async () => {
    const errors = join(root, 'errors')
    const script = '[ -t 0 ] || echo in; [ -t 1 ] && echo out; [ -t 2 ] || echo err; cat; echo "$KEY" >&2'
    const { out } = await onTerminal(sh(script), { around: `echo typed | "$@" 2> ${errors}` }).ended
    expect(out).toBe('in\nout\nerr\ntyped\n')
    expect(readFileSync(errors, 'utf8')).toBe(`${MARK}\n`)
  })

  test('ours gets its settings back, however it ends', async () => {
    const around = 'a=$(stty -g); "$@"; echo "code $?"; [ "$a" = "$(stty -g)" ] && echo same'
    const ends: [string[], number][] = [
      [sh('stty raw -echo; exit 3'), 3],
      [sh('kill -KILL $$'), 137],
      [['no-such-program'], 127],
      [sh('kill -TERM $PPID; sleep 60'), 143],
      [sh('trap "" HUP; kill -HUP $PPID; exit 0'), 0],
    ]
    for (const [command, code] of ends) {
      const { out } = await onTerminal(command, { around }).ended
      expect(out).toEndWith(`code ${code}\nsame\n`)
    }
  })

  test('much output, and Ctrl-C in the middle of it', async () => {
    const flood = onTerminal(sh('while :; do echo "$KEY and some more words in a line"; done'))
    await flood.running.when(() => flood.running.seen.length > 100_000, 'much')
    flood.terminal.write(press('ctrl-c'))
    const { code, out } = await flood.ended
    expect(code).toBe(130)
    expect(out).not.toContain('sk_live_4')
  })

  test('much that is typed ahead', async () => {
    const typed = onTerminal(
      sh('echo ready; n=0; while read line; do n=$((n+${#line})); [ "$line" = end ] && break; done; echo "$n"'),
    )
    await typed.running.until('ready')
    for (let i = 0; i < 200; i++) typed.terminal.write(`${'x'.repeat(99)}\r`)
    typed.terminal.write('end\r')
    expect((await typed.ended).out).toEndWith('\n19803\n')
  })

  test('our terminal goes away', async () => {
    const mark = join(root, 'hung-up')
    const { running, terminal, child } = onTerminal(
      sh(`trap 'echo hup > ${mark}; exit 4' HUP; echo ready; while :; do sleep 0.02; done`),
    )
    await running.until('ready')
    terminal.close()
    await child.exited
    await running.when(() => existsSync(mark), 'the signal')
  })

  test('stopped and continued', async () => {
    const around = 'a=$(stty -g); "$@" & wait $!; echo "code $?"'
    const script = `echo "own=$PPID;"; trap "echo again; exit 6" USR1; while :; do sleep 0.02; done`
    const { running, ended } = onTerminal(sh(script), { around: around.replace('"$@" & wait $!', '"$@"') })
    await running.until('own=')
    await running.until(';')
    const pid = Number(/own=(\d+);/.exec(running.seen)?.[1])
    process.kill(pid, 'SIGTSTP')
    const state = () => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) (.).*$/s, '$1')
    await running.when(() => state() === 'T', 'the stop')
    process.kill(pid, 'SIGCONT')
    process.kill(pid, 'SIGUSR1')
    expect((await ended).out).toEndWith('again\ncode 6\n')
  })
})
