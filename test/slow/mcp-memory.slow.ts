// A server for AI agents that unlocked the vault by itself: after `tvault lock` none of its keys are in its memory any more,
// nor the values that it looked for in output, although nobody asks it for anything. Needs root; the process is not
// dumpable.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '../../src/lib/secret.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { decodeHeader } from '../../src/vault/header-record.ts'
import { deriveKek } from '../../src/vault/header.ts'
import { Keyring } from '../../src/vault/keyring.ts'
import { allProjects } from '../../src/vault/projects.ts'
import { META, TABLES } from '../../src/vault/schema.ts'
import { readAuditKey } from '../../src/vault/session.ts'
import { McpClient } from '../interop/mcp-client.ts'
import { scanMemory } from './memory-scan.ts'
import type { Needle } from './memory-scan.ts'
import { BINARY, CHEAP, Room } from './room.ts'

const IS_ROOT = process.geteuid?.() === 0
if (!IS_ROOT) console.log('\n!!! not root: the memory of the MCP server was NOT looked at\n')

const room = new Room()
afterAll(() => room.remove())

const passphrase = `memory test ${crypto.randomUUID()}`
const POLICY = '[allow run]\neffect = run, get\ncommand = true\n'

async function tvault(words: string[], stdin = ''): Promise<void> {
  const env = { TVAULT_PASSPHRASE: passphrase }
  const { code, err } = await room.exec([BINARY, ...words], { stdin: Buffer.from(stdin), env })
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${err}`)
}

/** The keys of the vault, computed from the file and the passphrase. */
async function keys(): Promise<Needle[]> {
  const store = await openLmdb(join(room.vault, 'vault.db'), { tables: TABLES, mode: 'read' })
  try {
    const header = decodeHeader(store.get('meta', META.header))
    const kek = deriveKek(Secret.fromText(passphrase), header)
    const found: Needle[] = [{ name: 'key of the passphrase', bytes: kek.slice() }]
    const ring = new Keyring(header, kek, { box: readAuditKey(store) })
    found.push({ name: 'key of the audit log', bytes: ring.auditKey.slice() })
    for (const { id, ...project } of allProjects(store)) {
      found.push({ name: `key of project ${project.name}`, bytes: ring.projectKey(id, project).slice() })
    }
    ring.wipe()
    return found
  } finally {
    await store.close()
  }
}

const lookable = IS_ROOT ? test : (): void => undefined
lookable(
  'tvault lock empties a server that has the key by itself',
  async () => {
    await tvault(['init', ...CHEAP])
    await tvault(['set', 'KEY', '--stdin'], `value-${crypto.randomUUID()}`)
    const unused = `unused-${crypto.randomUUID()}`
    await tvault(['set', 'UNUSED', '--stdin'], unused)
    await tvault(['policy', 'set', '-'], POLICY)
    const needles = [
      ...(await keys()),
      { name: 'passphrase', bytes: Buffer.from(passphrase) },
      { name: 'unused value', bytes: Buffer.from(unused) },
      // As tables for redaction have it.
      { name: 'unused value in a table', bytes: Buffer.from(unused.replaceAll('-', '+')) },
    ]
    // In a variable it would stay in what the runtime keeps of its environment.
    const file = join(room.folder, 'passphrase')
    writeFileSync(file, `TVAULT_PASSPHRASE=${passphrase}\n`, { mode: 0o600 })
    const { TVAULT_PASSPHRASE: _, ...rest } = room.environment
    const env = { ...rest, TVAULT_PASSPHRASE_FILE: file }
    const work = join(room.folder, 'work')
    mkdirSync(work)
    const client = new McpClient([BINARY, 'mcp', '--connect', 'none'], { cwd: work, env })
    try {
      await client.initialize()
      const used = await client.call('vault_exec', { argv: ['true'], secrets: ['KEY'], output: 'exit' })
      expect(used).toMatchObject({ isError: false })
      const looked = await client.call('vault_exec', { argv: ['true'], secrets: ['KEY'] })
      expect(looked).toMatchObject({ isError: false })
      const present = (): string[] => [...new Set(scanMemory(client.pid, needles).hits.map(({ name }) => name))].sort()
      // The control: the scan sees what is there.
      expect(present()).toContain('key of project default')
      expect(present()).toContain('unused value in a table')
      await tvault(['lock'])
      const deadline = performance.now() + 10_000
      while (present().length > 0 && performance.now() < deadline) await Bun.sleep(200)
      expect(present()).toEqual([])
      expect(await client.call('vault_exec', { argv: ['true'], secrets: ['KEY'], output: 'exit' })).toMatchObject({
        isError: true,
        text: expect.stringContaining('the owner locked'),
      })
    } finally {
      await client.end()
    }
  },
  60_000,
)
