// The frame as a process, the built binary: which stream says what, and with which exit code it ends. From the sources,
// which take a second to start, only where something is planted.
import { afterAll, describe, expect, test } from 'bun:test'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = join(import.meta.dir, '../../..')
const binary = resolve(process.env['TVAULT_BIN'] ?? join(root, 'dist', 'tvault'))
const home = mkdtempSync(join(tmpdir(), 'tvault-main-'))
afterAll(() => rmSync(home, { recursive: true }))

interface Options {
  env?: Record<string, string>
  preload?: string
  stdout?: number
  stderr?: number
}

async function tvault(line: string, { env = {}, preload, stdout, stderr }: Options = {}) {
  const sources = [process.execPath, '--preload', preload ?? '', join(root, 'src/main.ts')]
  const program = preload === undefined ? [binary] : sources
  const child = Bun.spawn([...program, ...line.split(' ').filter((word) => word !== '')], {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, ...env },
    stdin: 'ignore',
    stdout: stdout ?? 'pipe',
    stderr: stderr ?? 'pipe',
  })
  const read = (stream: unknown) => (stream instanceof ReadableStream ? new Response(stream).text() : '')
  const [out, err, code] = await Promise.all([read(child.stdout), read(child.stderr), child.exited])
  return { out, err, code }
}

describe('without a vault', () => {
  test.concurrent.each([
    ['', 0, /^tvault keeps/],
    ['--help', 0, /^tvault keeps/],
    ['--version', 0, /^tvault \d+\.\d+\.\d+ \(commit \w+, \w+-\w+\)\n$/],
    ['version', 0, /^tvault \d+\.\d+\.\d+ \(commit \w+, \w+-\w+\)\n$/],
    ['--json --version', 0, /^\{\n {2}"version"/],
    ['get --help', 0, /^Print the value/],
    ['help get', 0, /^Print the value/],
    ['help projects', 0, /^Usage: tvault projects <command>/],
    ['help threat-model', 0, /^# Threat model/],
    ['projects', 0, /^Usage: tvault projects <command>/],
    ['docs', 0, /^ {2}threat-model/],
    ['docs commands --json', 0, /^\[\n {2}\{\n {4}"path": "agent install"/],
    ['completion bash', 0, /^# bash completion for tvault/],
  ])('tvault %s', async (line, code, shown) => {
    const made = await tvault(line)
    expect(made).toEqual({ out: expect.stringMatching(shown), err: '', code })
  })

  test.concurrent.each([
    ['nope', 2, 'Error: unknown command "nope"\n'],
    ['get', 2, 'Error: key is required\nhint: '],
    ['projects lst', 2, 'Error: unknown command "projects lst"\nhint: did you mean tvault projects list?\n'],
    ['list', 5, 'Error: '],
    ['docs nope', 4, 'Error: '],
    ['help nope', 2, 'Error: '],
  ])('tvault %s fails on standard error', async (line, code, told) => {
    const made = await tvault(line)
    expect(made).toEqual({ out: '', err: expect.stringContaining(told), code })
  })
})

describe('--json', () => {
  test.concurrent('a failure is one line of JSON on standard error', async () => {
    const { out, err, code } = await tvault('get --json')
    expect({ out, code }).toEqual({ out: '', code: 2 })
    expect(JSON.parse(err)).toEqual({
      error: { kind: 'usage', message: 'key is required', hint: expect.any(String), exit: 2 },
    })
    expect(err.indexOf('\n')).toBe(err.length - 1)
  })

  test.concurrent('a locked vault is told on standard output in the words of the peer', async () => {
    const TVAULT_DIR = join(home, 'vault')
    const env = { TVAULT_DIR, TVAULT_PASSPHRASE: 'correct horse battery staple 99' }
    expect((await tvault('init --kdf-memory 19456 --kdf-passes 2 --kdf-lanes 1', { env })).code).toBe(0)
    expect(await tvault('--json get KEY', { env: { TVAULT_DIR } })).toEqual({
      out: '{"error":"vault_locked","locked":true}\n',
      err: '',
      code: 3,
    })
  })

  test.concurrent('behind -- it is a word of the other program', async () => {
    const { err, code } = await tvault('run -- x --json')
    expect({ err, code }).toEqual({ err: expect.stringMatching(/^Error: /), code: 5 })
    expect((await tvault('run x --json')).err).toStartWith('Error: ')
  })
})

describe('bugs', () => {
  const preload = join(import.meta.dir, 'faulty.ts')

  test.concurrent.each(['thrown', 'later', 'lost', 'text'])('%s: fixed text, exit 1', async (FAULT) => {
    const { out, err, code } = await tvault('version', { preload, env: { FAULT } })
    expect({ out, code }).toEqual({ out: '', code: 1 })
    expect(err).toBe(
      'Error: something went wrong inside tvault\nhint: run the command again with --verbose to see the cause\n',
    )
  })

  test.concurrent.each(['thrown', 'later', 'lost', 'text'])(
    '%s: --verbose names the place, never the message',
    async (FAULT) => {
      const { err, code } = await tvault('version --verbose', { preload, env: { FAULT } })
      expect(code).toBe(1)
      expect(err).toContain('\ncause: ')
      expect(err).not.toContain('hunter2')
      if (FAULT === 'thrown') expect(err).toMatch(/\ncause: SyntaxError\n\s+at .*:\d+/)
    },
  )

  test.concurrent('as JSON', async () => {
    const { out, err, code } = await tvault('version --json', { preload, env: { FAULT: 'lost' } })
    expect({ out, code }).toEqual({ out: '', code: 1 })
    expect(JSON.parse(err)).toMatchObject({ error: { kind: 'internal', exit: 1 } })
  })
})

describe('a stream that cannot be written', () => {
  const onFull = async (run: (full: number) => Promise<void>) => {
    const full = openSync('/dev/full', 'w')
    try {
      await run(full)
    } finally {
      closeSync(full)
    }
  }

  test.concurrent('standard output: an error', () =>
    onFull(async (stdout) => {
      const { err, code } = await tvault('version', { stdout })
      expect({ err, code }).toEqual({ err: expect.stringContaining('cannot write to standard output'), code: 1 })
    }))

  test.concurrent('standard error: the exit code stays what it is', () =>
    onFull(async (stderr) => expect((await tvault('list', { stderr })).code).toBe(5)))
})

describe('on a terminal', () => {
  /** What a terminal of so many columns shows, control sequences included. */
  async function shown(line: string, columns: number, env: Record<string, string> = {}): Promise<string> {
    let screen = ''
    const decoder = new TextDecoder()
    const child = Bun.spawn([process.execPath, join(root, 'src/main.ts'), ...line.split(' ')], {
      cwd: home,
      env: { PATH: process.env['PATH'] ?? '', HOME: home, TERM: 'xterm-256color', ...env },
      terminal: {
        cols: columns,
        rows: 30,
        data: (_, bytes) => void (screen += decoder.decode(bytes, { stream: true })),
      },
    })
    await child.exited
    child.terminal?.close()
    return screen
  }

  test('errors have colour, unless somebody does not want it', async () => {
    expect(await shown('nope', 80)).toContain('\u001b[31mError:\u001b[39m unknown command')
    expect(await shown('nope', 80, { NO_COLOR: '1' })).not.toContain('\u001b')
    expect(await shown('nope', 80, { TERM: 'dumb' })).not.toContain('\u001b')
    expect(await shown('nope --json', 80)).not.toContain('\u001b')
  })

  test.each([50, 80, 100])('help keeps to %p columns', async (columns) => {
    const lines = (await shown('generate --help', columns)).split('\r\n')
    expect(lines.length).toBeGreaterThan(10)
    // What is to be typed is never broken.
    const prose = lines.filter((line) => !/^ {6}--|^ {2}tvault /.test(line))
    expect(prose.filter((line) => line.length > columns)).toEqual([])
  })
})
