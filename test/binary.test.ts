// The compiled program as such: it obeys no variable of the runtime, it is all there is (copied alone to an empty
// folder it works), and it writes nowhere but where it says. Each proof has a control that shows what would be seen.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { compileOptions } from '../scripts/compile.ts'
import { silence, SILENCED } from '../scripts/runtime.ts'
import { unresolved } from '../scripts/unresolved.ts'

const tvault = resolve(process.env['TVAULT_BIN'] ?? join(import.meta.dir, '..', 'dist', 'tvault'))
const folder = mkdtempSync(join(tmpdir(), 'tvault-binary-'))
const PASSPHRASE = 'binary tests 8830 not a secret'
const CHEAP = ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1']

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(
  command: readonly string[],
  env: Record<string, string>,
  cwd = folder,
): { code: number | null; out: string; err: string } {
  const done = Bun.spawnSync([...command], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  return { code: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() }
}

describe('the runtime', () => {
  const plain = join(folder, 'plain')
  const deaf = join(folder, 'deaf')

  beforeAll(async () => {
    const source = join(folder, 'program.ts')
    writeFileSync(
      source,
      "console.log('program', Bun.argv.slice(2).join(' '))\nif (Bun.argv[2] === 'wait') await Bun.stdin.text()\n",
    )
    writeFileSync(join(folder, 'evil.js'), "require('node:fs').writeFileSync('PWNED', 'x')\n")
    const build = (compile: Bun.CompileBuildOptions): Promise<unknown> =>
      Bun.build({ entrypoints: [source], target: 'bun', format: 'esm', throw: true, compile })
    await build({ outfile: plain, autoloadDotenv: false, autoloadBunfig: false })
    expect(await compileOptions(deaf, build)).toBeGreaterThan(SILENCED.length)
  }, 60_000)

  test.each([
    ['BUN_BE_BUN', { BUN_BE_BUN: '1' }, ['--version'], /^\d+\.\d+\.\d+\n$/],
    ['BUN_OPTIONS', { BUN_OPTIONS: '--preload ./evil.js' }, [], 'PWNED'],
  ])('%s is obeyed by plain Bun and not by ours', (_name, env, words, sign) => {
    const obeyed = (program: string): boolean => {
      rmSync(join(folder, 'PWNED'), { force: true })
      const { out } = run([program, ...words], env)
      return sign instanceof RegExp ? sign.test(out) : existsSync(join(folder, sign))
    }
    expect(obeyed(plain)).toBeTrue()
    expect(obeyed(deaf)).toBeFalse()
    expect(obeyed(tvault)).toBeFalse()
  })

  test('BUN_INSPECT opens a port in plain Bun and none in ours', async () => {
    const port = 20_000 + (process.pid % 20_000)
    const listens = (): Promise<boolean> =>
      new Promise((done) => {
        const socket = connect(port, '127.0.0.1')
        socket.once('error', () => done(false))
        socket.once('connect', () => {
          socket.destroy()
          done(true)
        })
      })
    /** How many looks it took until the port was open; `most` looks are taken, one every 25 ms. */
    const looks = async (program: string, most: number): Promise<number | undefined> => {
      const env = { BUN_INSPECT: `ws://127.0.0.1:${port}/x` }
      const child = Bun.spawn([program, 'wait'], { cwd: folder, env, stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' })
      try {
        await child.stdout.getReader().read()
        for (let look = 1; look <= most; look++) {
          if (await listens()) return look
          await Bun.sleep(25)
        }
        return undefined
      } finally {
        child.kill()
        await child.exited
      }
    }
    const needed = await looks(plain, 200)
    expect(needed).toBeDefined()
    expect(await looks(deaf, 20 + 3 * (needed ?? 0))).toBeUndefined()
  }, 30_000)

  test('the product has the deaf runtime', () => {
    const bytes = readFileSync(tvault)
    // The last part is our bundle, which may name the variables; the constants of the runtime are in the first 24 MB.
    const constants = bytes.subarray(0, 24_000_000)
    for (const name of ['BUN_BE_BUN', 'BUN_OPTIONS'])
      expect([name, constants.includes(`\u0000${name}\u0000`)]).toEqual([name, false])
    expect(readFileSync(process.execPath).subarray(0, 24_000_000).includes('\u0000BUN_OPTIONS\u0000')).toBeTrue()
  })

  test('silencing keeps every length', () => {
    const bytes = Buffer.from('\u0000BUN_OPTIONS\u0000BUN_INSPECT_NOTIFY and BUN_OPTIONSBUN_INSPECT')
    expect(silence(bytes, ['BUN_OPTIONS', 'BUN_INSPECT'])).toEqual({ BUN_OPTIONS: 2, BUN_INSPECT: 2 })
    expect(bytes.toString()).toBe(
      '\u0000\u0000UN_OPTIONS\u0000\u0000UN_INSPECT_NOTIFY and \u0000UN_OPTIONS\u0000UN_INSPECT',
    )
  })
})

describe('the bundle', () => {
  const outputs = (text: string) => [{ path: './main.js', text: () => Promise.resolve(text) }]

  test.each([
    ["import x from 'left-over'", 'left-over'],
    ["const x = await import('left-over')", 'left-over'],
    ["const x = require('./left-over.js')", './left-over.js'],
    ["new Worker('./left-over.js')", './left-over.js'],
    ['const x = await import(name)', 'name'],
    ['require.resolve(name)', 'name'],
  ])('%s is seen', async (text, specifier) => {
    expect((await unresolved(outputs(text))).join('\n')).toContain(specifier)
  })

  test('what is built in or in the bundle is no left-over', async () => {
    const text =
      "import { readFileSync } from 'node:fs'\nimport { dlopen } from 'bun:ffi'\nconst x = await import('./main.js')\nrequire('fs')"
    expect(await unresolved(outputs(text))).toEqual([])
  })
})

describe('alone', () => {
  const alone = join(folder, 'alone')
  const work = join(alone, 'work')
  const env = { HOME: join(alone, 'home'), TMPDIR: join(alone, 'tmp'), TVAULT_PASSPHRASE: PASSPHRASE }

  beforeAll(() => {
    for (const path of [alone, work, env.HOME, env.TMPDIR]) mkdirSync(path, { mode: 0o700 })
    copyFileSync(tvault, join(alone, 'tvault'))
  })

  test('in an empty folder with an empty home it does the main job', () => {
    const program = join(alone, 'tvault')
    const steps: [string[], string | undefined][] = [
      [['init', ...CHEAP], undefined],
      [['set', 'KEY', 'value of the copy'], undefined],
      [['get', 'KEY'], 'value of the copy'],
      [['run', '--', 'printenv', 'KEY'], 'value of the copy\n'],
      [['audit', 'verify'], undefined],
    ]
    for (const [words, printed] of steps) {
      const { code, out, err } = run([program, ...words], env, work)
      expect([words.join(' '), code, err]).toEqual([words.join(' '), 0, err])
      if (printed !== undefined) expect(out).toBe(printed)
    }
    expect(readdirSync(work)).toEqual([])
    expect(readdirSync(env.TMPDIR)).toEqual([])
    expect(readdirSync(env.HOME)).toEqual(['.tvault'])
  })

  test('nothing outside of the vault is opened for writing', () => {
    const strace = Bun.which('strace')
    if (strace === null) {
      console.log('!!! strace is not installed: what is opened for writing was NOT looked at')
      return
    }
    const log = join(folder, 'strace.log')
    const program = join(alone, 'tvault')
    const written = (words: readonly string[]): string[] => {
      const { code, err } = run(
        [strace, '-f', '-qq', '-y', '-e', 'trace=open,openat,creat', '-o', log, program, ...words],
        env,
        work,
      )
      expect([words.join(' '), code, err]).toEqual([words.join(' '), 0, err])
      return readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => /O_WRONLY|O_RDWR|O_CREAT|creat\(/.test(line) && !/ = -1 /.test(line))
        .map((line) => /"([^"]+)"/.exec(line)?.[1] ?? line)
    }
    const foreign = (paths: readonly string[]): string[] =>
      paths.filter(
        (path) =>
          !path.startsWith(`${env.HOME}/.tvault`) &&
          !/^\/(?:proc|sys)\/|^\/dev\/(?:tty|null|urandom|random|ptmx)$|^\/memfd:/.test(path),
      )
    const all = [
      ['set', 'KEY', 'again'],
      ['get', 'KEY'],
      ['list'],
      ['key', 'rotate', '--help'],
      ['doctor'],
      ['audit', 'verify'],
    ].flatMap(written)
    // The control: a file that was asked for is seen.
    expect(foreign(written(['export', '-o', join(work, 'asked-for.env')]))).not.toEqual([])
    expect(all.some((path) => path.startsWith(`${env.HOME}/.tvault`))).toBeTrue()
    expect(foreign(all)).toEqual([])
  }, 120_000)
})

test('a second start has nothing to do: quiet, and under three seconds', () => {
  const bootstrap = join(import.meta.dir, '..', 'scripts', 'bootstrap.mjs')
  const start = (): { code: number | null; out: string; err: string } =>
    run([process.execPath, bootstrap, 'start', '--version'], { HOME: folder })
  start()
  const begin = performance.now()
  const { code, out, err } = start()
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^tvault \d/)
  expect(performance.now() - begin).toBeLessThan(3000)
}, 120_000)
