// shell-init stands in start-up files: it never asks, and a login shell starts whatever it finds.
import { describe, expect, test } from 'bun:test'
import shellInit from '../../src/commands/shell-init.ts'
import set from '../../src/commands/set.ts'
import { Secret } from '../../src/lib/secret.ts'
import { room } from './room.ts'
import type { Room } from './room.ts'

async function put(at: Room, name: string, value: string): Promise<void> {
  await at.call(set, { name, value: Secret.fromText(value) })
}

async function filled(): Promise<Room> {
  const at = room()
  at.played.project = 'default'
  await put(at, 'A', "it's $x")
  await put(at, 'B_KEY', 'b')
  return at
}

describe('shell-init', () => {
  test('without a source: nothing on standard output, one notice, no failure', async () => {
    const at = await filled()
    const { out, exit } = await at.call(shellInit, { shell: 'bash' })
    expect([out, exit]).toEqual(['', 0])
    expect(at.played.said).toEqual([
      'tvault: no agent has the key, and no --allow-unlock; project "default" was not loaded into this shell',
    ])
    at.played.unattended = false
    expect((await at.call(shellInit, { shell: 'bash', 'allow-unlock': true })).out).toBe('')
    expect(at.played.said).toHaveLength(1)
    expect((await at.call(shellInit, { shell: 'bash', quiet: true })).json).toMatchObject({ loaded: false, keys: [] })
    expect(at.played.said).toEqual([])
  })

  test('lines for each shell', async () => {
    const at = await filled()
    const load = async (shell: 'bash' | 'zsh' | 'fish') =>
      (await at.call(shellInit, { shell, 'allow-unlock': true })).out
    expect(await load('bash')).toBe(`export A='it'"'"'s $x'\nexport B_KEY=b\n`)
    expect(await load('zsh')).toBe(await load('bash'))
    expect(await load('fish')).toBe("set -gx A 'it\\'s $x'\nset -gx B_KEY 'b'\n")
  })

  test('a missing key is a notice; an empty selector and a missing project are errors', async () => {
    const at = await filled()
    const input = { shell: 'bash', 'allow-unlock': true } as const
    expect((await at.call(shellInit, { ...input, only: ['B_KEY', 'NOPE'] })).out).toBe('export B_KEY=b\n')
    expect(at.played.said).toEqual(['tvault: --only key(s) not found in "default": NOPE'])
    expect(await at.fails(shellInit, { ...input, prefix: '' })).toMatchObject({ kind: 'usage' })
    at.played.project = 'nowhere'
    expect(await at.fails(shellInit, input)).toMatchObject({ kind: 'not_found' })
    at.played.project = undefined
    expect(await at.fails(shellInit, input)).toMatchObject({ kind: 'usage' })
  })

  test('W44: a value that no shell can hold does not cost the others; W43: names of ours are not loaded', async () => {
    const at = await filled()
    await put(at, 'NUL', 'a\0b')
    await put(at, 'TVAULT_DIR', '/elsewhere')
    const { out, json } = await at.call(shellInit, { shell: 'bash', 'allow-unlock': true })
    expect(out).toBe(`export A='it'"'"'s $x'\nexport B_KEY=b\n`)
    expect(json).toMatchObject({ loaded: true, keys: ['A', 'B_KEY'] })
    expect(at.played.said.join('\n')).toContain('NUL was not loaded')
    expect(at.played.said.join('\n')).toContain('TVAULT_DIR was not loaded')
  })
})
