// The configuration of AI clients: our entry in, everything else as it was, and what is not understood left alone.
import { describe, expect, test } from 'bun:test'
import { withServer } from '../../src/formats/mcp-clients.ts'

const ENTRY = { name: 'tinyvault', command: '/opt/tvault', args: ['mcp', '--tools', 'core'] }
const ours = { command: '/opt/tvault', args: ['mcp', '--tools', 'core'] }

describe('JSON', () => {
  test.each([undefined, '', ' \n', '{}'])('into nothing: %j', (text) => {
    expect(JSON.parse(withServer('mcpServers', text, ENTRY).text)).toEqual({ mcpServers: { tinyvault: ours } })
    expect(JSON.parse(withServer('servers', text, ENTRY).text)).toEqual({
      servers: { tinyvault: { type: 'stdio', ...ours } },
    })
  })

  test('beside others, in their order and with their indentation', () => {
    const before =
      '{\n    "theme": "dark",\n    "mcpServers": {"db": {"command": "x", "env": {"TOKEN": "tok-1"}}},\n    "n": 1\n}\n'
    const { text, added, removed } = withServer('mcpServers', before, ENTRY)
    expect(Object.keys(JSON.parse(text))).toEqual(['theme', 'mcpServers', 'n'])
    expect(JSON.parse(text).mcpServers.db).toEqual({ command: 'x', env: { TOKEN: 'tok-1' } })
    expect(text).toContain('\n    "theme"')
    expect([...added, ...removed].join('\n')).not.toContain('tok-1')
  })

  test('twice is once, and an old entry with values is replaced without being shown', () => {
    const { text } = withServer('mcpServers', undefined, ENTRY)
    expect(withServer('mcpServers', text, ENTRY).text).toBe(text)
    const old = JSON.stringify({ mcpServers: { tinyvault: { command: 'tvault', env: { TVAULT_PASSPHRASE: 'pp' } } } })
    const edited = withServer('mcpServers', old, ENTRY)
    expect(JSON.parse(edited.text)).toEqual({ mcpServers: { tinyvault: ours } })
    expect(edited.removed.join()).not.toContain('pp')
  })

  test.each(['{', '[]', '7', '{"mcpServers": []}', '{"mcpServers": "x"}', '{ /* a */ }'])(
    '%s is left alone',
    (text) => {
      expect(() => withServer('mcpServers', text, ENTRY)).toThrow('left as it is')
    },
  )
})

describe('TOML', () => {
  const written = (text: string | undefined) => Bun.TOML.parse(withServer('toml', text, ENTRY).text)

  test('into nothing, beside others, and twice', () => {
    expect(written(undefined)).toEqual({ mcp_servers: { tinyvault: ours } })
    const before = 'model = "x"\n\n[mcp_servers.db]\ncommand = "y"\n\n[tui]\na = 1\n'
    expect(written(before)).toEqual({
      model: 'x',
      mcp_servers: { db: { command: 'y' }, tinyvault: ours },
      tui: { a: 1 },
    })
    const once = withServer('toml', before, ENTRY).text
    expect(withServer('toml', once, ENTRY).text).toBe(once)
  })

  test('in place of an old entry, with what stands around it', () => {
    const before = '# mine\n[mcp_servers.tinyvault]\ncommand = "old"\nargs = []\n\n[tui]\na = 1\n'
    const { text, removed } = withServer('toml', before, ENTRY)
    expect(Bun.TOML.parse(text)).toEqual({ mcp_servers: { tinyvault: ours }, tui: { a: 1 } })
    expect(text).toStartWith('# mine\n')
    expect(removed).toContain('command = "old"')
  })

  test.each(['a = ', 'mcp_servers = {db = {command = "x"}}\n', 'mcp_servers = 7\n'])('%s is left alone', (text) => {
    expect(() => withServer('toml', text, ENTRY)).toThrow('left as it is')
  })
})
