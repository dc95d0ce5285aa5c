// A program that is fed: the Secret first, then our own input byte for byte, its exit code, and the signals we get.
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = mkdtempSync(join(tmpdir(), 'feed-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Options {
  feed?: string
  onTerminal?: boolean
  stdin?: Blob | 'pipe' | 'ignore'
  env?: Record<string, string>
}

function start(command: string[], { feed = 'secret\n', onTerminal = false, stdin = 'ignore', env = {} }: Options = {}) {
  return Bun.spawn([process.execPath, join(import.meta.dir, 'fed.ts'), JSON.stringify({ command, feed, onTerminal })], {
    env: { PATH: process.env['PATH'] ?? '', HOME: root, ...env },
    cwd: root,
    stdin: stdin as 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
}

async function run(command: string[], options: Options = {}) {
  const child = start(command, options)
  const [out, err, exit] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, exit }
}

describe('what the program reads', () => {
  test('the secret, then our input to its end', async () => {
    const { out, err, exit } = await run(['cat'], { stdin: new Blob(['typed\0bytes', '\xff']) })
    expect([out, exit]).toEqual(['secret\ntyped\0bytes\xff', 0])
    expect(err).toBe('released\nleft 0\n')
  })

  test('much of both, in order', async () => {
    const script = 'head -c 3000000 | tr -d x | wc -c; cat | cksum'
    const big = Buffer.alloc(5_000_000, 'abcdefghij')
    const { out } = await run(['sh', '-c', script], { feed: 'fill:3000000', stdin: new Blob([big]) })
    const sum = Bun.spawnSync(['cksum'], { stdin: big }).stdout.toString()
    expect(out).toBe(`0\n${sum}`)
  })

  test('a program that reads nothing ends all the same, also while our input stays open', async () => {
    const child = start(['sh', '-c', 'exit 3'], { feed: 'fill:1000000', stdin: 'pipe' })
    expect(await child.exited).toBe(3)
    await child.stdin.end()
  })
})

describe('how the program ends', () => {
  test('its code and its signals', async () => {
    expect((await run(['sh', '-c', 'exit 255'])).exit).toBe(255)
    expect((await run(['sh', '-c', 'kill -TERM $$'])).exit).toBe(143)
    expect((await run(['sh', '-c', 'kill -KILL $$'])).exit).toBe(137)
  })

  test('a program that is not there is told before the vault is closed', async () => {
    const { err, exit } = await run(['no-such-program'])
    expect([exit, err.includes('released')]).toEqual([127, false])
  })

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1'] as const)('W42: %s reaches it, and we wait', async (signal) => {
    const trap = `trap 'echo got; exit 9' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`
    const child = start(['sh', '-c', trap])
    const reader = child.stdout.getReader()
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('ready\n')
    child.kill(signal)
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('got\n')
    expect(await child.exited).toBe(9)
  })

  test('W42: what a terminal sends to both is not sent twice', async () => {
    const trap = "trap 'echo int' INT; trap 'exit 4' TERM; echo ready; while :; do sleep 0.05; done"
    const child = start(['sh', '-c', trap], { onTerminal: true })
    const reader = child.stdout.getReader()
    await reader.read()
    child.kill('SIGINT')
    child.kill('SIGTERM')
    expect((await reader.read()).done).toBe(true)
    expect(await child.exited).toBe(4)
  })
})

test('its environment holds nothing that opens the vault, and the secret is in no argument', async () => {
  const env = {
    TVAULT_PASSPHRASE: 'p',
    TVAULT_PASSPHRASE_FILE: 'f',
    TVAULT_IDENTITY_KEY: 'k',
    TVAULT_DIR: '/d',
    KEPT: '1',
  }
  const { out } = await run(['sh', '-c', 'env; tr "\\0" " " < /proc/$$/cmdline'], { env })
  expect(out).toContain('KEPT=1')
  expect(out).toContain('TVAULT_DIR=/d')
  expect(out).not.toContain('TVAULT_PASSPHRASE')
  expect(out).not.toContain('TVAULT_IDENTITY_KEY')
  expect(out).not.toContain('secret')
})
