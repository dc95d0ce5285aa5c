// The rest of what a command may ask for: projects, files, standard input, and the program it becomes.
import { failureOf } from '../failure.ts'
import { describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PASSPHRASE, makeFilledVault, makeRoot, secret, withContext } from './fixture.ts'

const root = makeRoot('context')
const vault = join(root, 'vault')
await makeFilledVault(vault, { API_KEY: 'topsecret' })
const MAIN = join(import.meta.dir, '../../src/main.ts')

describe('files', () => {
  test('are read under the rules for foreign ones; - is standard input only where that was asked for', async () => {
    const path = join(root, 'in')
    writeFileSync(path, 'abc')
    await withContext(vault, 'none', async (context) => {
      expect(Buffer.from(await context.readFile(path, { maxBytes: 3 })).toString()).toBe('abc')
      expect((await failureOf(() => context.readFile(path, { maxBytes: 2 }))).kind).toBe('failed')
      expect((await failureOf(() => context.readFile('-', { maxBytes: 2 }))).kind).toBe('usage')
    })
  })

  test('are written 0600, from a Secret or a text, and never into the vault directory', async () => {
    await withContext(vault, 'none', async (context) => {
      const path = join(root, 'out')
      await context.writeFile(path, secret('a'), { overwrite: false })
      expect((await failureOf(() => context.writeFile(path, 'b', { overwrite: false }))).kind).toBe('conflict')
      await context.writeFile(path, 'b', { overwrite: true })
      expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['b', 0o600])
      const inside = join(vault, 'config.yaml')
      expect((await failureOf(() => context.writeFile(inside, 'x', { overwrite: true }))).kind).toBe('failed')
      expect(readdirSync(vault)).not.toContain('config.yaml')
    })
  })

  test('dotenv files are regular ones with a supported name, sorted', async () => {
    const directory = join(root, 'project')
    mkdirSync(join(directory, '.env.folder'), { recursive: true })
    for (const name of ['.env.local', '.env', '.env.example', 'env', '.env.a.b.c'])
      writeFileSync(join(directory, name), '')
    symlinkSync('.env', join(directory, '.env.link'))
    await withContext(vault, 'none', async (context) => {
      expect(await context.dotenvFiles(directory)).toEqual(['.env', '.env.local'])
      expect((await failureOf(() => context.dotenvFiles(join(root, 'none')))).kind).toBe('failed')
    })
  })
})

function cli(words: readonly string[], options: { stdin?: string; env?: Record<string, string> } = {}) {
  const env = { PATH: process.env['PATH'], TVAULT_DIR: vault, TVAULT_PASSPHRASE: PASSPHRASE, ...options.env }
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, MAIN, ...words], {
    env,
    stdin: options.stdin === undefined ? 'ignore' : Buffer.from(options.stdin),
  })
  return { out: stdout.toString(), err: stderr.toString(), exit: exitCode }
}

describe('from the command line', () => {
  test('a program gets the secret, the way to the vault, and nothing that opens it', () => {
    const { out, exit } = cli([
      'run',
      '--',
      'sh',
      '-c',
      'echo "$API_KEY $TVAULT_DIR ${TVAULT_PASSPHRASE-none}"; exit 9',
    ])
    expect([out, exit]).toEqual([`topsecret ${vault} none\n`, 9])
  })

  test('without a source and a terminal: 3, a short message and one hint', () => {
    // A session of its own has no terminal to ask on.
    const child = Bun.spawnSync(['setsid', '-w', process.execPath, MAIN, 'get', 'API_KEY'], {
      env: { PATH: process.env['PATH'], TVAULT_DIR: vault },
      stdin: 'ignore',
    })
    const lines = child.stderr.toString().trimEnd().split('\n')
    expect([child.exitCode, lines.length]).toEqual([3, 2])
    for (const line of lines) expect(line.length).toBeLessThan(160)
  })

  test('without a home: help works, and a vault must be named (W36)', () => {
    const env = { TVAULT_DIR: '' }
    expect(cli(['help'], { env }).exit).toBe(0)
    const { exit, err } = cli(['list'], { env })
    expect([exit, err]).toEqual([2, expect.stringContaining('--vault DIR')])
  })

  test('a wrong passphrase is 6 and nothing else is tried', () => {
    const file = join(root, 'pass')
    writeFileSync(file, `TVAULT_PASSPHRASE='${PASSPHRASE}'\n`, { mode: 0o600 })
    const env = { TVAULT_PASSPHRASE: 'wrong', TVAULT_PASSPHRASE_FILE: file }
    expect(cli(['get', 'API_KEY'], { env }).exit).toBe(6)
    expect(cli(['get', 'API_KEY'], { env: { ...env, TVAULT_PASSPHRASE: '' } }).out).toBe('topsecret')
  })

  test('a value from standard input', () => {
    expect(cli(['set', 'PIPED', '--stdin'], { stdin: 'from\nstdin\n' }).exit).toBe(0)
    expect(cli(['get', 'PIPED']).out).toStartWith('from\nstdin')
  })
})
