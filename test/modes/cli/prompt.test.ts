// Questions on a real pseudo-terminal: what is typed arrives, nothing secret is shown, and afterwards the terminal
// is as it was, whatever ended the question.
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = mkdtempSync(join(tmpdir(), 'prompt-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const PROGRAM = join(import.meta.dir, 'ask.ts')
const LIMIT_MILLISECONDS = 20_000
let next = 0

/** `stty` before and after the question shows what it did to the terminal. */
const AROUND = 'stty -g; "$0" "$@"; echo "EXIT $?"; stty -g; echo END'

interface Options {
  /** A shell line instead of the plain call; `"$0" "$@"` is the call. */
  script?: string
  term?: string
  columns?: number
}

class Session {
  readonly result = join(root, `${next++}`)
  screen = ''
  #wake: () => void = () => {}
  readonly child

  constructor(question: string, { script = AROUND, term = 'xterm', columns = 100 }: Options = {}) {
    this.child = Bun.spawn(['sh', '-c', script, process.execPath, PROGRAM, question, this.result], {
      env: { PATH: process.env['PATH'], TERM: term, HOME: root },
      terminal: {
        cols: columns,
        rows: 30,
        data: (_, bytes) => {
          this.screen += Buffer.from(bytes).toString('utf8')
          this.#wake()
        },
      },
    })
  }

  type(keys: string): void {
    this.child.terminal?.write(keys)
  }

  /** Waits until `found` gives something. */
  async until<T>(found: () => T | undefined): Promise<T> {
    const deadline = performance.now() + LIMIT_MILLISECONDS
    for (;;) {
      const value = found()
      if (value !== undefined) return value
      if (performance.now() > deadline)
        throw new Error(`it never came; the screen shows ${JSON.stringify(this.screen)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        setTimeout(resolve, 50)
      })
    }
  }

  shows(text: string): Promise<true> {
    return this.until(() => (this.screen.includes(text) ? true : undefined))
  }

  /** Waits for the end of the session; returns the outcome, the exit code, and whether the terminal is as before. */
  async end() {
    await this.shows('END')
    await this.child.exited
    const states = this.screen.match(/[0-9a-f]+(?::[0-9a-f]+){30,}/g) ?? []
    return {
      outcome: existsSync(this.result) ? JSON.parse(readFileSync(this.result, 'utf8')) : undefined,
      exit: Number(/EXIT (\d+)/.exec(this.screen)?.[1]),
      restored: states.length === 2 && states[0] === states[1],
    }
  }
}

const hex = (text: string) => Buffer.from(text).toString('hex')

describe('W20: hidden input', () => {
  async function typed(keys: string, options: Options = {}, question = 'hidden') {
    const session = new Session(question, options)
    await session.shows('Passphrase: ')
    session.type(keys)
    return { ...(await session.end()), screen: session.screen }
  }

  test.each([
    ['topsecret\r', 'topsecret'],
    ['topsecret\n', 'topsecret'],
    ['tops\u007f\u007fp secret\r', 'top secret'],
    ['☃é\u007f\u007fü\r', 'ü'],
    ['wrong\u0015right\r', 'right'],
    ['\u007f\u007fa\r', 'a'],
    ['\r', ''],
    ['pas\u0000\u0007\u001bs\tw\r', 'pass\tw'],
  ])('%j arrives as %j and is not shown', async (keys, expected) => {
    const { outcome, exit, restored, screen } = await typed(keys)
    expect({ outcome, exit, restored }).toEqual({ outcome: { answer: hex(expected) }, exit: 0, restored: true })
    for (const word of ['topsecret', 'secret', 'wrong', 'right', '☃']) expect(screen).not.toContain(word)
  })

  test('keys that send a control sequence put nothing into the line', async () => {
    expect((await typed('pa\u001b[A\u001b[1;5Css\u001b[3~\r')).outcome).toEqual({ answer: hex('pass') })
  })

  test.each([
    ['a\r', 'a'],
    ['a\r\n', 'a'],
    // A terminal that marks pastes: several lines, and one line end at the end that belongs to the paste.
    ['\u001b[200~one\rtwo\tthree\r\u001b[201~\r', 'one\ntwo\tthree'],
    ['\u001b[200~one\ntwo\n\n\u001b[201~\r', 'one\ntwo\n'],
    ['\u001b[200~o\u0003n\u0000e\u001b[201~ more\u007f\r', 'one mor'],
    ['\u001b[200~\u001b[201~x\r', 'x'],
  ])('W18: with lines, %j arrives as %j', async (keys, expected) => {
    const { outcome, restored, screen } = await typed(keys, {}, 'hidden lines')
    expect({ outcome, restored }).toEqual({ outcome: { answer: hex(expected) }, restored: true })
    // Asked for before the question, and taken back.
    // oxlint-disable-next-line no-control-regex
    expect(screen).toMatch(/\u001b\[\?2004h.*Passphrase: [^]*\u001b\[\?2004l/)
    for (const word of ['one', 'two', 'three']) expect(screen).not.toContain(word)
  })

  test('W18: several lines from a terminal that marks nothing are no value, and reach no shell', async () => {
    const script = 'stty -g; "$0" "$@"; echo "EXIT $?"; stty -g; read -t 0.2 rest; echo "REST:$rest:"; echo END'
    const { outcome, exit, restored, screen } = await typed(
      'first\rtouch PWNED\rlast\r',
      { script: `bash -c '${script}' "$0" "$@"` },
      'hidden lines',
    )
    expect({ kind: outcome.kind, exit, restored }).toEqual({ kind: 'usage', exit: 2, restored: true })
    expect(screen).toContain('REST::')
    expect(screen).not.toContain('first')
  })

  test('W18: a dumb terminal is not asked to mark anything', async () => {
    const { outcome, screen } = await typed('value\r', { term: 'dumb' }, 'hidden lines')
    expect(outcome).toEqual({ answer: hex('value') })
    expect(screen).not.toContain('\u001b')
  })

  test('a line much longer than one read arrives whole', async () => {
    const session = new Session('hidden')
    await session.shows('Passphrase: ')
    const line = 'x1ü'.repeat(900)
    for (let at = 0; at < line.length; at += 300) session.type(line.slice(at, at + 300))
    session.type('\r')
    expect((await session.end()).outcome).toEqual({ answer: hex(line) })
  })

  test.each([
    ['Ctrl-C', 'abc\u0003'],
    ['Ctrl-D', '\u0004'],
    ['Ctrl-D after text', 'abc\u0004'],
  ])('%s cancels with 130', async (_, keys) => {
    const { outcome, exit, restored } = await typed(keys)
    expect({ kind: outcome.kind, exit, restored }).toEqual({ kind: 'cancelled', exit: 130, restored: true })
  })

  test.each([
    ['TERM', 143, ''],
    ['HUP', 129, ''],
    ['INT', 130, ''],
    // The runtime restores its own standard streams at the end; here none of them is the terminal.
    ['TERM', 143, '< /dev/null > /dev/null 2>&1'],
    ['HUP', 129, '< /dev/null > /dev/null 2>&1'],
  ])('SIG%s (exit code %p) gives the terminal its echo back %s', async (signal, exit, streams) => {
    const pid = join(root, `pid-${next++}`)
    const inner = `echo $$ > ${pid}; exec "$0" "$@" ${streams}`
    const session = new Session('hidden', {
      script: `stty -g; sh -c '${inner}' "$0" "$@"; echo "EXIT $?"; stty -g; echo END`,
    })
    await session.shows('Passphrase: ')
    expect(Bun.spawnSync(['sh', '-c', `kill -${signal} $(cat ${pid})`]).exitCode).toBe(0)
    expect(await session.end()).toEqual({ outcome: undefined, exit, restored: true })
  })

  test('works when standard input is a pipe, and leaves the pipe alone (W40)', async () => {
    const script = 'stty -g; printf "from the pipe" | "$0" "$@"; echo "EXIT $?"; stty -g; echo END'
    const { outcome, restored, screen } = await typed('topsecret\r', { script }, 'hidden then stdin')
    expect(outcome).toEqual({ answer: [hex('topsecret'), 'from the pipe'] })
    expect(restored).toBeTrue()
    expect(screen).not.toContain('topsecret')
  })

  test('the echo is back as soon as the answer is there, not only at the end of the program', async () => {
    expect((await typed('topsecret\r', {}, 'hidden then state')).outcome).toEqual({ answer: true })
  })

  test('works when all three streams lead elsewhere', async () => {
    const script = 'stty -g; "$0" "$@" < /dev/null > /dev/null 2>&1; echo "EXIT $?"; stty -g; echo END'
    const { outcome, restored } = await typed('topsecret\r', { script })
    expect({ outcome, restored }).toEqual({ outcome: { answer: hex('topsecret') }, restored: true })
  })
})

describe('yes or no', () => {
  test.each([
    ['y', true],
    ['n', false],
    ['\r', false],
    ['\u001b[D\r', true],
  ])('on a terminal %j means %p', async (keys, expected) => {
    const session = new Session('confirm')
    await session.shows('Really?')
    session.type(keys)
    expect(await session.end()).toEqual({ outcome: { answer: expected }, exit: 0, restored: true })
  })

  test('the question after it gets every key', async () => {
    const session = new Session('confirm then hidden')
    await session.shows('Sure?')
    session.type('n')
    await session.shows('Really?')
    session.type('y')
    await session.shows('Passphrase: ')
    session.type('topsecret\r')
    const { outcome, restored } = await session.end()
    expect({ outcome, restored }).toEqual({ outcome: { answer: [false, true, hex('topsecret')] }, restored: true })
    expect(session.screen).not.toContain('topsecret')
  })

  test('Ctrl-C cancels', async () => {
    const session = new Session('confirm')
    await session.shows('Really?')
    session.type('\u0003')
    const { outcome, exit, restored } = await session.end()
    expect({ kind: outcome.kind, exit, restored }).toEqual({ kind: 'cancelled', exit: 130, restored: true })
  })

  test('SIGTERM gives the terminal back', async () => {
    const pid = join(root, 'pid-confirm')
    const session = new Session('confirm', {
      script: `stty -g; sh -c 'echo $$ > ${pid}; exec "$0" "$@"' "$0" "$@"; echo "EXIT $?"; stty -g; echo END`,
    })
    await session.shows('Really?')
    expect(Bun.spawnSync(['sh', '-c', `kill -TERM $(cat ${pid})`]).exitCode).toBe(0)
    expect(await session.end()).toEqual({ outcome: undefined, exit: 143, restored: true })
  })

  test('is drawn on the terminal also when standard output is a file', async () => {
    const session = new Session('confirm', {
      script: `stty -g; "$0" "$@" > ${root}/out; echo "EXIT $?"; stty -g; echo END`,
    })
    await session.shows('Really?')
    session.type('y')
    expect((await session.end()).outcome).toEqual({ answer: true })
    expect(readFileSync(join(root, 'out'), 'utf8')).toBe('')
  })

  test.each([
    ['dumb', 100],
    ['xterm', 0],
  ])('a %s terminal of %p columns', async (term, columns) => {
    const session = new Session('confirm', { term, columns })
    await session.shows('Really?')
    session.type('y\r')
    const { outcome, restored } = await session.end()
    expect({ outcome, restored }).toEqual({ outcome: { answer: true }, restored: true })
  })

  test.each([
    ['y\\n', true],
    ['YES\\n', true],
    ['y', true],
    [' yes \\nn\\n', true],
    ['n\\n', false],
    ['yy\\n', false],
    ['\\n', false],
    ['', false],
  ])('a pipe that says %j means %p', async (said, expected) => {
    const result = join(root, `${next++}`)
    const script = `printf '${said}' | "$0" "$@"`
    await Bun.spawn(['sh', '-c', script, process.execPath, PROGRAM, 'confirm', result]).exited
    expect(JSON.parse(readFileSync(result, 'utf8'))).toEqual({ answer: expected })
  })
})

describe('choosing several', () => {
  test('starts with the given ones and follows the keys', async () => {
    const session = new Session('choose')
    await session.shows('the three')
    session.type(' \r')
    expect(await session.end()).toEqual({ outcome: { answer: ['two', 'one'] }, exit: 0, restored: true })
  })

  test.each([
    ['1 3', ['one', 'three']],
    ['', ['two']],
  ])('on a dumb terminal %j means %p', async (line, expected) => {
    const session = new Session('choose', { term: 'dumb' })
    await session.shows('numbers')
    session.type(`${line}\r`)
    expect((await session.end()).outcome).toEqual({ answer: expected })
  })
})

describe('without a terminal', () => {
  test.each([
    ['hidden', { kind: 'locked' }, 3],
    ['choose', { kind: 'usage' }, 2],
    ['confirm', { answer: false }, 0],
    ['possible', { answer: false }, 0],
  ])('%s answers at once', async (question, expected, exit) => {
    const result = join(root, `${next++}`)
    // A session of its own has no controlling terminal.
    const child = Bun.spawn(['setsid', '-w', process.execPath, PROGRAM, question, result], { stdin: 'ignore' })
    expect(await child.exited).toBe(exit)
    expect(JSON.parse(readFileSync(result, 'utf8'))).toMatchObject(expected)
  })
})
