// A program beside us, redacted, on a terminal of its own that is shown on ours.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { press } from '../script-terminal.ts'
import { MARK, cleanUp, onTerminal, prepare, root, sh } from './running.ts'

beforeAll(prepare)
afterAll(cleanUp)

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
    const script = 'trap "echo again; exit 6" USR1; echo "own=$PPID;"; while :; do sleep 0.02; done'
    const { running, ended } = onTerminal(sh(script), { around: '"$@"; echo "code $?"' })
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
