// What clients say when they meet a server, replayed. The messages are those of logs and captures that others have
// published (Claude Desktop, Claude Code 2.1 and Cursor 1.0, as each names itself); they were not recorded here, and the
// call at the end is one that such a client could make. Their oddities are the point: ids from 0, capabilities
// that are no objects, members that the protocol does not know, several requests at once, and no wait for answers.
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { Cell, plantedPlace } from './mcp-place.ts'

setDefaultTimeout(60_000)

const place = plantedPlace()
afterAll(() => place.remove())

type Message = Record<string, unknown>

interface Log {
  says: readonly Message[]
  /** Protocol version of the answer to the greeting. */
  version: string
  /** The name under which its rows stand in the audit log. */
  row: string
}

const start = (id: number, params: Message): Message => ({ method: 'initialize', params, jsonrpc: '2.0', id })
const ask = (id: number, method: string, params?: Message): Message => ({
  method,
  ...(params && { params }),
  jsonrpc: '2.0',
  id,
})
const tell = (method: string, params?: Message): Message => ({ method, ...(params && { params }), jsonrpc: '2.0' })

const LOGS: Readonly<Record<string, Log>> = {
  'Claude Desktop': {
    says: [
      start(0, {
        protocolVersion: '2024-11-05',
        capabilities: {},
        clientInfo: { name: 'claude-ai', version: '0.1.0' },
      }),
      tell('notifications/initialized'),
      ask(1, 'tools/list', {}),
      ask(2, 'tools/call', { name: 'vault_get_secret', arguments: { key: 'OPEN', project: 'app' } }),
    ],
    version: '2024-11-05',
    row: 'mcp claude-ai 0.1.0',
  },
  'Claude Code': {
    says: [
      start(0, {
        protocolVersion: '2025-11-25',
        capabilities: { roots: { listChanged: true }, elicitation: {} },
        clientInfo: {
          name: 'claude-code',
          title: 'Claude Code',
          version: '2.1.221',
          description: 'a coding tool',
          websiteUrl: 'https://claude.com/claude-code',
        },
      }),
      tell('notifications/initialized'),
      ask(1, 'tools/list'),
      ask(2, 'prompts/list'),
      ask(3, 'resources/list'),
      ask(4, 'tools/call', {
        name: 'vault_get_secret',
        arguments: { key: 'OPEN', project: 'app' },
        _meta: { progressToken: 4, 'claudecode/toolUseId': 'toolu_01' },
      }),
    ],
    version: '2025-11-25',
    row: 'mcp claude-code 2.1.221',
  },
  'Cursor, revision 2024-11-05': {
    says: [
      start(0, {
        protocolVersion: '2024-11-05',
        capabilities: { tools: true, prompts: false, resources: true, logging: false, roots: { listChanged: false } },
        clientInfo: { name: 'cursor-vscode', version: '1.0.0' },
      }),
      tell('notifications/initialized'),
      ask(1, 'tools/list'),
      ask(2, 'tools/call', { name: 'vault_get_secret', arguments: { key: 'OPEN', project: 'app' } }),
    ],
    version: '2024-11-05',
    row: 'mcp cursor-vscode 1.0.0',
  },
  'Cursor, revision 2025-11-25': {
    says: [
      start(0, {
        protocolVersion: '2025-11-25',
        capabilities: { roots: { listChanged: false } },
        clientInfo: { name: 'cursor-vscode', version: '1.0.0' },
      }),
      tell('notifications/initialized'),
      ask(1, 'resources/list'),
      ask(2, 'tools/list'),
      ask(3, 'prompts/list'),
      ask(4, 'tools/call', { name: 'vault_get_secret', arguments: { key: 'OPEN', project: 'app' } }),
      tell('notifications/cancelled', { requestId: 99, reason: 'of nothing' }),
    ],
    version: '2025-11-25',
    row: 'mcp cursor-vscode 1.0.0',
  },
}

test.each(Object.keys(LOGS))('%s is served', async (name) => {
  const { says, version, row } = LOGS[name]!
  const cell = new Cell(place, { rules: { mode: 'read-only', reads: 3 }, key: 'passphrase' })
  try {
    const { client, work } = cell
    void client.answering('roots/list', () => ({ roots: [{ uri: `file://${work}`, name: 'work' }] }))
    // All at once, as a client does that does not wait.
    for (const message of says) client.say(message)
    expect(await cell.end()).toBe(0)
    const answers = new Map(client.strays.map((answer) => [answer['id'], answer]))
    const asked = says.flatMap(({ id }) => (id === undefined ? [] : [id]))
    expect(new Set(answers.keys())).toEqual(new Set(asked))
    for (const [id, { result }] of answers) expect([id, typeof result]).toEqual([id, 'object'])
    expect(answers.get(0)?.['result']).toMatchObject({ protocolVersion: version, serverInfo: { name: 'tinyvault' } })
    const tools = [...answers.values()].flatMap(({ result }) => (result as { tools?: Message[] }).tools ?? [])
    expect(tools.length).toBeGreaterThan(20)
    // Bridges to function calling take names and schemas of this form only.
    for (const tool of tools) {
      expect(String(tool['name'])).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
      expect(tool['inputSchema']).toMatchObject({ type: 'object' })
      expect(JSON.stringify(tool['inputSchema'])).not.toMatch(/"type":\[|anyOf|oneOf|\$ref/)
    }
    expect(client.err).not.toContain('internal')
    expect(cell.audit()).toContain(row)
  } finally {
    cell.remove()
  }
})
