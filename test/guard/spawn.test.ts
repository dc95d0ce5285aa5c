// Becoming a program: same process, its exit code, its signals, exactly the environment that was promised.
import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = mkdtempSync(join(tmpdir(), 'spawn-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const BASE = { PATH: process.env['PATH'] ?? '', HOME: root, TERM: 'dumb', KEPT: 'kept', TVAULT_DIR: '/d' }

interface Options {
  inject?: Record<string, string>
  files?: Record<string, string>
  clean?: boolean
  env?: Record<string, string>
}

function start(command: string[], { inject = {}, files = {}, clean = false, env = {} }: Options = {}) {
  const program = join(import.meta.dir, 'become.ts')
  return Bun.spawn([process.execPath, program, JSON.stringify({ command, inject, files, clean })], {
    env: { ...BASE, ...env },
    cwd: root,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
}

async function run(command: string[], options: Options = {}) {
  const child = start(command, options)
  const [out, err, exit] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited])
  return { out: Buffer.from(out).toString('latin1'), err, exit, pid: child.pid, signal: child.signalCode }
}

describe('W44: values as files in memory', () => {
  test('any bytes, any size, read as often as wanted, by the program and its children', async () => {
    const files = { NUL: 'a\0b\xff', BIG: 'fill:3000000' }
    const words = 'cat "$NUL" "$NUL"; sh -c \'wc -c < "$BIG"\'; stat -Lc %a "$BIG"; echo "$NUL"'
    const { out, err, exit, pid } = await run(['sh', '-c', words], { files })
    expect(err).toBe('released with 0 bytes\n')
    expect(out).toMatch(new RegExp(`^a\0b\xffa\0b\xff3000000\n400\n/proc/${pid}/fd/\\d+\n$`))
    expect(exit).toBe(0)
  })

  test('only what was asked for stays open', async () => {
    const { out } = await run(['sh', '-c', 'ls -l /proc/$$/fd | grep -c memfd'], { files: { A: 'a', B: 'b' } })
    expect(out).toBe('2\n')
    expect((await run(['sh', '-c', 'ls -l /proc/$$/fd | grep -c memfd'])).out).toBe('0\n')
  })
})

describe('the program', () => {
  test('is the same process and returns its own code', async () => {
    const { out, exit, pid, err } = await run(['sh', '-c', 'echo $$; exit 7'], { inject: { A: 'wiped before' } })
    expect([out, exit, err]).toEqual([`${pid}\n`, 7, 'released with 0 bytes\n'])
  })

  test('dies of its own signals', async () => {
    expect((await run(['sh', '-c', 'kill -TERM $$'])).signal).toBe('SIGTERM')
    expect((await run(['sh', '-c', 'kill -PIPE $$'])).signal).toBe('SIGPIPE')
  })

  test('starts with no signal ignored or blocked', async () => {
    const { out } = await run(['sh', '-c', 'grep -E "^Sig(Ign|Blk)" /proc/self/status'])
    expect(out).toMatch(/SigBlk:\s0{16}\nSigIgn:\s0{16}\n/)
  })

  test('has the core limit we were given, not ours', () => {
    const limited = (words: string) => {
      const script = `ulimit -S -c 5 2> /dev/null; ${words}`
      const launch = JSON.stringify({ command: ['sh', '-c', 'ulimit -S -c'], inject: {}, clean: false })
      const program = join(import.meta.dir, 'become.ts')
      return Bun.spawnSync(['sh', '-c', script, process.execPath, program, launch], { env: BASE }).stdout.toString()
    }
    expect(limited('exec "$0" "$@"')).toBe(limited('ulimit -S -c'))
  })

  test('inherits no descriptor of ours', async () => {
    const { out } = await run(['sh', '-c', 'ls -l /proc/$$/fd'])
    expect([...out.matchAll(/ (\d+) -> /g)].map(([, fd]) => fd)).toEqual(['0', '1', '2'])
  })

  test('gets its words untouched', async () => {
    const words = ['', ' ', '--', '-x', 'a b', '"', '$HOME', 'é\n☃']
    const { out } = await run(['sh', '-c', `printf '%s\\0' "$@"`, 'sh', ...words])
    expect(Buffer.from(out, 'latin1').toString('utf8').split('\0').slice(0, -1)).toEqual(words)
  })
})

describe('its environment', () => {
  async function environment(options: Options): Promise<Record<string, string>> {
    const { out } = await run(['env', '-0'], options)
    return Object.fromEntries(
      out
        .split('\0')
        .slice(0, -1)
        .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    )
  }

  test('is ours without what opens the vault, plus the secrets', async () => {
    const seen = await environment({
      inject: { API_KEY: 's=3\ncret', KEPT: 'won', RAW: '\xff\x80' },
      env: { TVAULT_PASSPHRASE: 'p', TVAULT_NEW_PASSPHRASE_FILE: '/f', TVAULT_IDENTITY_KEY: 'k' },
    })
    expect(seen).toEqual({ ...BASE, API_KEY: 's=3\ncret', KEPT: 'won', RAW: '\xff\x80' })
  })

  test('clean is four names and the secrets', async () => {
    const { PATH, HOME, TERM } = BASE
    expect(await environment({ inject: { A: '1' }, clean: true })).toEqual({ PATH, HOME, TERM, A: '1' })
  })

  test('bytes that are no text are inherited as they are', async () => {
    const program = join(import.meta.dir, 'become.ts')
    const launch = JSON.stringify({ command: ['sh', '-c', 'printf %s "$ODD"'], inject: {}, clean: false })
    const script = `ODD=$(printf '\\377\\376x'); export ODD; exec "$0" "$1" "$2"`
    const { stdout } = Bun.spawnSync(['sh', '-c', script, process.execPath, program, launch], { env: BASE })
    expect(stdout.toString('latin1')).toBe('\xff\xfex')
  })
})

describe('what cannot be started', () => {
  test('is 127 or 126 and says why', async () => {
    const plain = join(root, 'plain')
    writeFileSync(plain, 'echo hi\n')
    const lost = join(root, 'lost')
    writeFileSync(lost, '#!/no/such/interpreter\n')
    const text = join(root, 'text')
    writeFileSync(text, 'no program\n')
    for (const path of [lost, text]) chmodSync(path, 0o700)
    expect((await run(['no-such-program-here'])).exit).toBe(127)
    for (const [path, words] of [
      [plain, 'is not an executable file'],
      [lost, 'interpreter'],
      [text, 'has no #! line'],
    ] as const) {
      const { exit, err } = await run([path])
      expect([path, exit]).toEqual([path, 126])
      expect(err).toContain(words)
    }
  })

  test('a value that no program can be given names its key, before anything was given up', async () => {
    for (const value of ['topsecret\0', 'fill:131072']) {
      const { exit, err } = await run(['true'], { inject: { FINE: 'x', BAD_ONE: value } })
      expect(exit).toBe(1)
      expect(err).toContain('BAD_ONE')
      expect(err).not.toContain('topsecret')
      expect(err).not.toContain('released')
    }
  })

  test('too much in all names the biggest', async () => {
    const inject = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`K${i}`, `fill:${120_000 + i}`]))
    const { exit, err } = await run(['true'], { inject })
    expect(exit).toBe(1)
    expect(err).toContain('K59 (120059 bytes)')
  })
})
