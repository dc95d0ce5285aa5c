// The policy for AI agents: what its rules allow, what no rules allow, and what is seen without any.
import { describe, expect, test } from 'bun:test'
import { METADATA_ONLY, checkRules } from '../../src/commands/policy-mcp.ts'
import { policyFor } from '../../src/commands/policy.ts'
import { parseMcpPolicy } from '../../src/formats/mcp-policy.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { EFFECTS, principalName } from '../../src/lib/gate.ts'
import type { Effect, McpRules, Principal } from '../../src/lib/gate.ts'

const FULL: McpRules = { ...METADATA_ONLY, source: 'test', mode: 'full', exec: true, reads: 5 }

function may(rules: McpRules, effect: Effect, project?: string, key?: string): boolean {
  const principal: Principal = { kind: 'mcp', client: 'editor', version: '1', rules }
  const target = { ...(project !== undefined && { project }), ...(key !== undefined && { key }) }
  return policyFor(principal).decide({ principal, command: 'x', effect, ...target }).allow
}

const allowed = (rules: McpRules) => EFFECTS.filter((effect) => may(rules, effect, 'app', 'KEY'))

test('without a policy names are seen and nothing else', () => {
  expect(allowed(METADATA_ONLY)).toEqual(['none', 'list'])
})

test.each([
  ['read-only', { ...FULL, mode: 'read-only', exec: true }, ['none', 'list', 'compare', 'reveal']],
  [
    'read-only without reads: comparing is reading (B1, B2)',
    { ...FULL, mode: 'read-only', reads: 0 },
    ['none', 'list'],
  ],
  ['read-write never destroys (D8)', { ...FULL, mode: 'read-write' }, ['none', 'list', 'compare', 'reveal', 'write']],
  ['full', FULL, ['none', 'list', 'compare', 'inject', 'reveal', 'write', 'destroy']],
  ['full, no exec', { ...FULL, exec: false }, ['none', 'list', 'compare', 'reveal', 'write', 'destroy']],
] as const)('%s', (_, rules, effects) => expect(allowed(rules as McpRules)).toEqual([...effects]))

test('no rules let an agent share, seal, govern or have files written (A1, A2, A6)', () => {
  for (const effect of ['share', 'seal', 'admin', 'write-file'] as const) expect(may(FULL, effect)).toBe(false)
  expect(may(FULL, 'unheard-of' as Effect)).toBe(false)
})

describe('names', () => {
  const rules: McpRules = {
    ...FULL,
    projects: { allow: ['app', 'team/*'], deny: ['*prod*'] },
    keys: { allow: ['db_*', 'API'], deny: ['*PRIVATE_KEY*'] },
  }
  test.each([
    ['app', 'DB_URL', true],
    ['app', 'api', true],
    ['app', 'OTHER', false],
    ['app', 'db_private_key_2', false],
    ['team/web', 'API', true],
    ['team/prod', 'API', false],
    ['APP', 'API', false],
    ['other', 'API', false],
  ])('A9: %s/%s', (project, key, expected) => {
    expect([may(rules, 'list', project, key), may(rules, 'reveal', project, key)]).toEqual([expected, expected])
  })
  test('an empty list of what is allowed allows nothing (C16)', () => {
    expect(may({ ...FULL, keys: { allow: [], deny: [] } }, 'list', 'app', 'KEY')).toBe(false)
  })
  test('a broken pattern is told when the rules are read', () => {
    expect(() => checkRules({ ...FULL, keys: { allow: ['['], deny: [] } })).toThrow('a pattern that is none')
  })
})

test('only an MCP client is judged by these rules, and its name cannot forge a row (E3)', () => {
  const owner: Principal = { kind: 'owner', interactive: true }
  const principal: Principal = { kind: 'mcp', client: 'x\n</row> owner', version: '', rules: FULL }
  expect(policyFor(principal).decide({ principal: owner, command: 'x', effect: 'none' }).allow).toBe(false)
  expect(principalName(principal)).toBe('mcp x_/row_owner unknown')
})

describe('the file', () => {
  const GOOD = {
    access_mode: 'full',
    allow_exec: 'true',
    redact_output: 'false',
    projects_allow: '["*"]',
    projects_deny: '[]',
    secrets_allow: '[A, "B*"]',
    secrets_deny: '',
    max_reads_per_session: '3',
  }
  const file = (changed: Record<string, string | undefined> = {}, tail = '') =>
    utf8(
      Object.entries({ ...GOOD, ...changed })
        .flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\n`]))
        .join('') + tail,
    )

  test('is read as the peer wrote it', () => {
    expect(parseMcpPolicy(file(), 'f')).toEqual({
      source: 'f',
      mode: 'full',
      exec: true,
      redact: false,
      projects: { allow: ['*'], deny: [] },
      keys: { allow: ['A', 'B*'], deny: [] },
      reads: 3,
    })
  })

  test.each([
    ...Object.keys(GOOD).map((name) => [`without ${name}`, file({ [name]: undefined }), `${name} is missing`] as const),
    ['a setting twice', file({}, 'access_mode: full\n'), 'twice'],
    ['an unknown setting', file({}, 'allow_all: true\n'), 'allow_all'],
    ['a bad mode', file({ access_mode: 'all' }), 'access_mode is not'],
    ['yes for true', file({ allow_exec: 'yes' }), 'allow_exec is not true or false'],
    ['text for true', file({ allow_exec: '"true"' }), 'allow_exec is not'],
    ['a negative number', file({ max_reads_per_session: '-1' }), 'max_reads_per_session is not'],
    ['a fraction', file({ max_reads_per_session: '1.5' }), 'max_reads_per_session is not'],
    ['a text for a list', file({ secrets_deny: 'A' }), 'secrets_deny is not'],
    ['a number in a list', file({ secrets_deny: '[1]' }), 'secrets_deny is not'],
    ['a second document', file({}, '---\naccess_mode: full\n'), 'second document'],
    ['a list', utf8('- a\n'), 'does not hold settings'],
    ['nothing', utf8(''), 'does not hold settings'],
    ['no text', new Uint8Array([255, 254]), 'UTF-8'],
    ['an alias', file({ secrets_allow: '&a [A]', secrets_deny: '*a' }), 'not taken'],
  ] as const)('%s is refused', (_, bytes, words) => expect(() => parseMcpPolicy(bytes, 'f')).toThrow(words))
})
