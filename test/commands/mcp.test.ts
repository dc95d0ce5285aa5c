// `tvault mcp install` and the commands about the policy for AI agents.
import { describe, expect, test } from 'bun:test'
import install from '../../src/commands/mcp/install.ts'
import { METADATA_ONLY } from '../../src/commands/policy-mcp.ts'
import check from '../../src/commands/policy/check.ts'
import explain from '../../src/commands/policy/explain.ts'
import show from '../../src/commands/policy/show.ts'
import set from '../../src/commands/set.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { room } from './room.ts'

const RULES = {
  ...METADATA_ONLY,
  source: 'mcp-policy.yaml',
  mode: 'read-write',
  reads: 2,
  projects: { allow: ['*'], deny: ['*prod*'] },
  keys: { allow: ['DB_*', 'NOTHING_*'], deny: ['*PRIVATE*'] },
} as const

describe('mcp install', () => {
  test('writes an entry, keeps the old file, and holds no passphrase', async () => {
    const { played, call } = room()
    played.files['client.json'] = utf8('{"mcpServers": {"db": {"command": "x"}}}')
    const { out, json } = await call(install, { client: 'cursor', tools: 'core', root: ['/src'] })
    const written = JSON.parse(text(played.files['client.json']!)!)
    expect(written.mcpServers).toEqual({
      db: { command: 'x' },
      tinyvault: { command: '/bin/tvault', args: ['mcp', '--tools', 'core', '--root', '/src'] },
    })
    expect(text(played.files['client.json.before-tvault']!)).toBe('{"mcpServers": {"db": {"command": "x"}}}')
    expect(out).toContain('+ ')
    expect(JSON.stringify([json, written])).not.toMatch(/PASSPHRASE/i)
  })

  test('--dry-run writes nothing; a second time changes nothing; another vault is named', async () => {
    const { played, call } = room()
    expect((await call(install, { client: 'cursor', 'dry-run': true })).json).toMatchObject({ changed: false })
    expect(played.files).toEqual({})
    played.client = { ...played.client, isDefaultVault: false }
    await call(install, { client: 'cursor' })
    expect(text(played.files['client.json']!)).toContain('"--vault"')
    expect((await call(install, { client: 'cursor' })).note).toContain('already')
    expect(Object.keys(played.files)).toEqual(['client.json'])
  })

  test('what is not understood stays as it is', async () => {
    const { played, fails } = room()
    played.files['client.json'] = utf8('// a comment\n{}')
    expect(await fails(install, { client: 'cursor' })).toMatchObject({ kind: 'failed' })
    expect(text(played.files['client.json'])).toBe('// a comment\n{}')
  })
})

describe('policy', () => {
  test('show says what holds', async () => {
    const { played, call } = room()
    expect((await call(show)).json).toMatchObject({ source: 'no policy file', effects: ['none', 'list'] })
    played.rules = RULES
    const { out, json } = await call(show)
    expect(json).toMatchObject({ effects: ['none', 'list', 'compare', 'reveal', 'write'], access_mode: 'read-write' })
    expect(out).toContain('never *prod*')
  })

  test.each([
    ['reveal', 'DB_URL', 'app', 0, 'mcp-policy.yaml'],
    ['reveal', 'db_private_key', 'app', 8, 'secrets_deny has *PRIVATE*'],
    ['reveal', 'API_KEY', 'app', 8, 'secrets_allow has no pattern'],
    ['reveal', 'DB_URL', 'team/prod', 8, 'projects_deny has *prod*'],
    ['destroy', 'DB_URL', 'app', 8, 'access_mode full'],
    ['share', undefined, undefined, 8, 'never shares'],
  ] as const)('explain %s %s in %s', async (act, key, project, exit, words) => {
    const { played, call } = room()
    played.rules = RULES
    played.project = project
    const { json, exit: code } = await call(explain, { act, ...(key !== undefined && { key }) })
    expect([code, (json as { rule: string }).rule]).toEqual([exit, expect.stringContaining(words)])
  })

  test('check warns about patterns that match nothing (A9)', async () => {
    const { played, call } = room()
    for (const name of ['DB_URL', 'signing_private_key']) {
      await call(set, { name, value: Secret.fromText('v') })
    }
    played.rules = RULES
    expect((await call(check)).json).toEqual({
      source: 'mcp-policy.yaml',
      visible: { projects: ['default'], secrets: [{ project: 'default', key: 'DB_URL' }] },
      hidden: { projects: 0, secrets: 1 },
      unused_patterns: [
        { field: 'projects_deny', pattern: '*prod*' },
        { field: 'secrets_allow', pattern: 'NOTHING_*' },
      ],
    })
  })
})
