// The table of tools: each is a command, says what it takes, and is read from arguments that nobody can trust.
import { describe, expect, test } from 'bun:test'
import { commands } from '../../../src/commands/index.ts'
import { Failure } from '../../../src/lib/errors.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { readArguments } from '../../../src/modes/mcp/arguments.ts'
import { success, failed, toPlain } from '../../../src/modes/mcp/result.ts'
import { annotations, inputSchema } from '../../../src/modes/mcp/tool.ts'
import { TOOLS, chosen, described } from '../../../src/modes/mcp/tools.ts'

const byName = (name: string) => TOOLS.find((tool) => tool.name === name)!

describe('the table', () => {
  test('is sorted, every name once, and every command is for AI agents', () => {
    const names = TOOLS.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)].sort())
    expect(TOOLS.filter(({ command }) => !command.on.includes('mcp'))).toEqual([])
    const used = new Set(TOOLS.map(({ command }) => command.path))
    expect(commands.filter(({ on, path }) => on.includes('mcp') && !used.has(path))).toEqual([])
  })

  test('no tool has an effect that no agent may have', () => {
    const effects = new Set(TOOLS.map(({ command }) => command.effect))
    expect([...effects].sort()).toEqual([
      'compare',
      'destroy',
      'inject',
      'list',
      'none',
      'reveal',
      'write',
      // Only by a policy of the vault, for the files that it names.
      'write-file',
    ])
  })

  test('every argument has a field, a type and a word about it', () => {
    for (const tool of TOOLS) {
      const { properties, required = [] } = inputSchema(tool) as unknown as {
        properties: Record<string, { type: string; description: string }>
        required?: string[]
      }
      for (const [name, schema] of Object.entries(properties)) {
        expect([tool.name, name, typeof schema.type, schema.description.length > 0]).toEqual([
          tool.name,
          name,
          'string',
          true,
        ])
      }
      expect(required.every((name) => name in properties)).toBe(true)
    }
  })

  test('a small set is small, with the program runner in it', () => {
    const size = JSON.stringify(chosen('core').map(described)).length
    console.log(
      `mcp: core ${chosen('core').length} tools, ${size} bytes; full ${TOOLS.length} tools, ${JSON.stringify(TOOLS.map(described)).length} bytes`,
    )
    expect(size).toBeLessThan(8192)
  })

  test('only what changes something is said to', () => {
    const changing = TOOLS.filter((tool) => annotations(tool)['readOnlyHint'] === false).map(({ name }) => name)
    expect(changing).toEqual([
      'vault_create_project',
      'vault_delete_project',
      'vault_delete_secret',
      'vault_env_group_add',
      'vault_env_group_create',
      'vault_env_group_delete',
      'vault_env_group_remove',
      'vault_env_inherit',
      'vault_env_pin',
      'vault_env_promote',
      'vault_env_unpin',
      'vault_exec',
      'vault_generate_secret',
      'vault_http_request',
      'vault_import_env_files',
      'vault_inject_env',
      'vault_rollback_secret',
      'vault_run_with_secrets',
      'vault_set_secret',
      'vault_sync_env',
    ])
  })

  test('a tool that is not there is a usage failure with a neighbour', () => {
    expect(() => chosen('vault_list_secret')).toThrow('there is no tool')
    expect(chosen('vault_status, vault_exec').map(({ name }) => name)).toEqual(['vault_exec', 'vault_status'])
  })
})

describe('arguments', () => {
  const read = (name: string, given: unknown) => readArguments(byName(name), given)
  const fails = (name: string, given: unknown): Failure => {
    try {
      read(name, given)
    } catch (error) {
      if (error instanceof Failure) return error
    }
    throw new Error('it was taken')
  }

  test('become the input of the command', () => {
    expect(read('vault_search_secrets', { name_like: '*x', limit: 5, project: 'app', prefix: null })).toEqual({
      input: {
        prefix: undefined,
        'name-like': '*x',
        since: undefined,
        until: undefined,
        'min-version': undefined,
        limit: 5,
      },
      project: 'app',
      purpose: undefined,
    })
    expect(read('vault_get_secret', { key: 'A', purpose: 'to see' }).purpose).toBe('to see')
    expect(read('vault_delete_secret', { key: 'A' }).input).toMatchObject({ keys: ['A'], yes: true })
    expect(read('vault_list_secrets', undefined)).toMatchObject({ project: undefined })
    const { value } = read('vault_set_secret', { key: 'A', value: 'v' }).input as { value: unknown }
    expect(value).toBeInstanceOf(Secret)
  })

  test.each([
    ['vault_set_secret', { key: 'A' }, 'value is missing'],
    ['vault_set_secret', { value: 'v' }, 'key is missing'],
    ['vault_set_secret', { key: null, value: 'v' }, 'key is missing'],
    ['vault_set_secret', { key: 'A', value: 7 }, 'value must be'],
    ['vault_set_secret', { key: 'A', value: 'a\0b' }, 'NUL'],
    ['vault_set_secret', { key: ['A'], value: 'v' }, 'key must be a text'],
    ['vault_set_secret', { key: 'A', value: 'v', vaule: 'secret' }, 'there is no argument vaule'],
    ['vault_list_secrets', { prefix: 'x'.repeat(5000) }, 'at most'],
    ['vault_list_secrets', { project: 7 }, 'project must be'],
    ['vault_list_secrets', { purpose: 'secretvalue' }, 'there is no argument purpose'],
    ['vault_get_secret', { key: 'A', purpose: { secretvalue: 1 } }, 'purpose must be'],
    ['vault_list_secrets', { project: 'a\nb' }, 'invalid project name'],
    ['vault_list_secrets', [], 'no object'],
    ['vault_list_secrets', 'x', 'no object'],
    ['vault_search_secrets', { limit: 0 }, 'limit must be'],
    ['vault_search_secrets', { limit: '5' }, 'limit must be'],
    ['vault_search_secrets', { limit: 1.5 }, 'limit must be'],
    ['vault_search_secrets', { since: 'secretvalue' }, 'since must be a time'],
    ['vault_generate_secret', { key: 'A', charset: 'secretvalue' }, 'charset must be'],
    ['vault_generate_secret', { key: 'A', force: 'secretvalue' }, 'force must be'],
    ['vault_exec', { argv: 'secretvalue' }, 'argv must be'],
    ['vault_exec', { argv: [] }, 'argv must be'],
    ['vault_exec', { argv: ['a', 1] }, 'argv must be'],
    ['vault_exec', { argv: ['a'], secrets: [] }, 'secrets must be'],
    ['vault_exec', { argv: ['a'], timeout_seconds: 0 }, 'timeout_seconds must be'],
    ['vault_exec', { argv: ['a'], constructor: 1 }, 'there is no argument'],
    ['vault_exec', JSON.parse('{"argv":["a"],"__proto__":{"secrets":["A"]}}'), 'there is no argument'],
  ])('%s %j is refused, and nothing of it repeated', (name, given, words) => {
    const { kind, message, hint = '' } = fails(name, given)
    expect([kind, message]).toEqual(['usage', expect.stringContaining(words)])
    expect(`${message} ${hint}`).not.toContain('secretvalue')
  })
})

describe('results', () => {
  const value = () => Secret.fromText('shown')
  test('a value is opened for `reveal` and for nothing else', () => {
    expect(toPlain({ value: value() }, 'reveal')).toEqual({ value: 'shown' })
    for (const effect of ['list', 'inject', 'compare', 'write'] as const) {
      expect(toPlain({ a: [{ value: value() }] }, effect)).toEqual({ a: [{ value: '[secret]' }] })
    }
  })

  test('bytes that are no text are told as such', () => {
    expect(toPlain({ value: new Secret(new Uint8Array([255, 0])) }, 'reveal')).toEqual({
      value: '/wA=',
      encoding: 'base64',
    })
  })

  test('a failure has kind, code and hint; a success is said twice', () => {
    const { content, isError } = failed(new Failure('locked', 'it is locked', { hint: 'tvault unlock' }))
    expect([isError, JSON.parse(content[0]!.text)]).toEqual([
      true,
      { error: { kind: 'locked', code: 3, message: 'it is locked', hint: 'tvault unlock' } },
    ])
    const { content: said, structuredContent } = success({ a: 1 })
    expect(JSON.parse(said[0]!.text)).toEqual(structuredContent)
  })
})
