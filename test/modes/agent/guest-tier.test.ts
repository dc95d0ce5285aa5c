// Secrets of tier 2 at the agent: the owner puts them there through it, nobody takes them out through it, and an AI agent
// is asked about them from its next call on.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openLmdb } from '../../../src/store/lmdb.ts'
import { META, TABLES } from '../../../src/vault/schema.ts'
import { VALUES, agentRoom, closeRooms, opened } from './agent-room.ts'
import type { AgentRoom } from './agent-room.ts'

afterAll(closeRooms)

const POLICY = '[session]\nwait = 5\n[allow all]\neffect = get, run, set, delete\ncommand = **\n'

async function room(): Promise<AgentRoom> {
  const made = await agentRoom()
  await made.elsewhere((view) => void view.setPolicy(POLICY, { revision: 0 }))
  return made
}

const owner = (at: AgentRoom) => at.talk({ command: 'tier', effect: 'admin', interactive: true })
const client = (at: AgentRoom) => at.talk({ command: 'get', effect: 'reveal', client: 'claude', act: {} })

test('the owner raises through the agent, and a conversation that is open hears of it', async () => {
  const at = await room()
  const talk = await client(at)
  expect(opened(await talk.call('read', 'web', 'W'))).toBe(VALUES['web']!['W']!)
  expect(await (await owner(at)).call('raiseTier', 'web', ['W'])).toEqual(['W'])
  const asked = (await talk.call('read', 'web', 'W')) as { code?: string; about?: Record<string, unknown> }
  expect(asked).toMatchObject({ failed: 'denied', code: 'approval_required', about: { request: expect.any(String) } })
  expect(opened(await talk.call('read', 'web', 'DB_URL'))).toBe(VALUES['web']!['DB_URL']!)
  expect(await talk.call('list', 'web')).toMatchObject([{ key: 'DB_URL' }, { key: 'W', tier: 2 }])
})

test('it is not lowered through the agent, not even by the owner', async () => {
  const at = await room()
  const talk = await owner(at)
  await talk.call('raiseTier', 'web', ['W'])
  expect(await talk.call('lowerTier', 'web', ['W'])).toMatchObject({ failed: 'denied' })
  expect(await talk.call('clearTiers')).toMatchObject({ failed: 'denied' })
  expect(await talk.call('tiers')).toEqual([{ project: 'web', key: 'W' }])
  const { token } = at.broker.newToken({ label: '', scope: {}, seconds: 60, uses: undefined })
  const bearer = await at.talk({ command: 'tier', effect: 'admin', token: opened(token) })
  for (const method of ['tiers', 'raiseTier', 'lowerTier', 'clearTiers']) {
    expect([method, await bearer.call(method, 'web', ['W'])]).toEqual([
      method,
      expect.objectContaining({ failed: 'denied' }),
    ])
  }
})

test('when somebody else changed the list, an AI agent gets nothing at all', async () => {
  const at = await room()
  await at.elsewhere((view) => void view.raiseTier('web', ['W']))
  const talk = await client(at)
  const store = await openLmdb(join(at.directory, 'vault.db'), { tables: TABLES, mode: 'write' })
  store.commit((writer) => {
    const row = writer.get('meta', META.tiers)!
    // The secret is another one now; the checksum is right again.
    const changed = Buffer.from(Buffer.from(row).toString('latin1').replace('"W"', '"X"'), 'latin1')
    const place = Buffer.concat([Buffer.from('tiers\0'), META.tiers])
    const framed = changed.subarray(0, -4)
    const size = Buffer.alloc(4)
    size.writeUInt32BE(framed.length)
    const sum = Bun.hash.crc32(framed, Bun.hash.crc32(size, Bun.hash.crc32(place)))
    changed.writeUInt32BE(sum, framed.length)
    writer.put('meta', META.tiers, changed)
  })
  await store.close()
  for (const key of ['W', 'DB_URL']) expect(await talk.call('read', 'web', key)).toMatchObject({ failed: 'corrupt' })
  expect(await talk.call('list', 'web')).toMatchObject({ failed: 'corrupt' })
  await at.elsewhere((view) => view.clearTiers())
  expect(opened(await talk.call('read', 'web', 'W'))).toBe(VALUES['web']!['W']!)
})
