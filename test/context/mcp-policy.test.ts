// The file of rules for AI agents: whose it is, what it is, and that a server follows it.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { METADATA_ONLY } from '../../src/commands/policy-mcp.ts'
import { FollowedRules, readRules } from '../../src/context/mcp-policy.ts'
import { policyText } from '../interop/mcp-place.ts'

const root = mkdtempSync(join(tmpdir(), 'tvault-policy-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let folder = root
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(root, 'vault-'))
  file = join(folder, 'mcp-policy.yaml')
})
const write = (reads: number) => writeFileSync(file, policyText({ mode: 'read-only', reads }), { mode: 0o600 })

test('without a file names are seen and nothing else', async () => {
  expect(await readRules(folder)).toEqual(METADATA_ONLY)
})

test('a link, a directory, a FIFO and a file that others can change allow nothing', async () => {
  symlinkSync(join(folder, 'nowhere'), file)
  expect(readRules(folder)).rejects.toThrow('symbolic link')
  rmSync(file)
  mkdirSync(file)
  expect(readRules(folder)).rejects.toThrow()
  rmSync(file, { recursive: true })
  Bun.spawnSync(['mkfifo', file])
  expect(readRules(folder)).rejects.toThrow()
  rmSync(file)
  write(1)
  for (const mode of [0o666, 0o660, 0o602]) {
    chmodSync(file, mode)
    expect(readRules(folder)).rejects.toThrow('can be changed by others')
  }
  chmodSync(file, 0o644)
  expect((await readRules(folder)).reads).toBe(1)
})

test('a broken pattern is told with the file', async () => {
  writeFileSync(file, policyText({ mode: 'full', reads: 1, keys: ['['] }), { mode: 0o600 })
  expect(readRules(folder)).rejects.toThrow(/mcp-policy\.yaml: a pattern/)
})

test('rules follow their file, and stay broken until it is mended', async () => {
  const followed = await FollowedRules.load(folder)
  expect(followed.now()).toEqual(METADATA_ONLY)
  write(3)
  const rules = followed.now()
  expect(rules.reads).toBe(3)
  expect(followed.now()).toBe(rules)
  writeFileSync(file, 'access_mode: full\n')
  for (let i = 0; i < 2; i++) expect(() => followed.now()).toThrow('is missing')
  write(44)
  expect(followed.now().reads).toBe(44)
  rmSync(file)
  expect(followed.now()).toEqual(METADATA_ONLY)
})
