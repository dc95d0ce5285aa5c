// The manual and the list of features name only commands that are there, and have the shape that TinyVault's have.
import { describe, expect, test } from 'bun:test'
import { commands } from '../../src/commands/index.ts'
import { describe as plain, listed } from '../../src/commands/describe.ts'
import { FEATURES } from '../../src/faces/features.ts'
import { rootHelp, shortHelp } from '../../src/faces/help.ts'
import { LIFECYCLE, RECIPES, TOPICS, TROUBLESHOOTING, manualData, manualTopic } from '../../src/faces/manual.ts'
import { manualText } from '../../src/faces/manual-text.ts'
import { splitWords } from '../../src/lib/words.ts'
import { parseArguments } from '../../src/modes/cli/argv.ts'
import { meant } from '../../src/modes/cli/words.ts'

const typed = [
  ...LIFECYCLE.map(({ command }) => command),
  ...RECIPES.flatMap((recipe) => recipe.commands),
  ...FEATURES.flatMap((feature) => feature.commands),
].filter((line) => line.startsWith('tvault '))

test.each([...new Set(typed)])('%s', (line) => {
  const found = meant(splitWords(line, 'manual').slice(1))
  if (typeof found === 'string' || 'group' in found) throw new Error('no command')
  expect(parseArguments(found.command, found.rest).help).toBe(false)
})

/** `tvault word` in running text names a command, a group or a flag of its own. */
test('commands named in running text are there', () => {
  const texts = [...TOPICS.map(({ slug }) => slug), 'topics' as const].map((slug) => manualText(slug, 10_000))
  const all = [...texts, ...TROUBLESHOOTING.map(({ solution }) => solution), shortHelp(), JSON.stringify(FEATURES)]
  const firsts = new Set(
    commands.flatMap(({ path, aliases = [] }) => [path, ...aliases]).map((path) => path.split(' ')[0]),
  )
  const named = all.flatMap((text) => [...text.matchAll(/tvault ([a-z][a-z0-9-]*)/g)].map((match) => match[1] ?? ''))
  expect(named.length).toBeGreaterThan(50)
  expect(
    [...new Set(named)].filter((word) => !firsts.has(word) && !['keeps', 'becomes', 'inside', 'for'].includes(word)),
  ).toEqual([])
})

describe('shape', () => {
  test('of each topic', () => {
    expect(manualData('workflow')).toEqual({ topic: 'workflow', lifecycle: LIFECYCLE })
    expect(Object.keys(manualData('safety') as object)).toEqual([
      'encryption',
      'key_hierarchy',
      'redaction',
      'agent_safety',
      'never_do_this',
      'encrypted_env_note',
    ])
    expect(Object.keys(manualData('output') as object)).toEqual(['json_usage', 'env_formats', 'golden_rule'])
    expect(Object.keys(manualData('agent') as object)).toEqual([
      'discover',
      'preferred_order',
      'anti_patterns',
      'when_to_ask_for_help',
    ])
    for (const topic of ['recipes', 'troubleshooting', 'topics'] as const) expect(manualData(topic)).toBeArray()
  })

  test('of the features', () => {
    for (const feature of FEATURES) expect(Object.keys(feature)).toEqual(['name', 'summary', 'commands', 'description'])
    expect(new Set(FEATURES.map(({ name }) => name)).size).toBe(FEATURES.length)
  })

  test('other words lead to topics, unknown ones nowhere', () => {
    expect(['quickstart', 'locked', 'agent', 'nope'].map(manualTopic)).toEqual([
      'workflow',
      'troubleshooting',
      'agent',
      undefined,
    ])
  })

  test('text keeps to its width', () => {
    for (const { slug } of TOPICS) {
      const wide = manualText(slug, 80)
        .split('\n')
        .filter((line) => line.length > 80 && !line.startsWith('  $ ') && slug !== 'output')
      expect([slug, wide]).toEqual([slug, []])
    }
  })
})

test('W49: tvault alone is short, and every command is in the long help', () => {
  const catalog = listed(commands)
  expect(shortHelp().split('\n').length).toBeLessThan(20)
  // Rows that go on in the next line are one row.
  const long = rootHelp(catalog).replaceAll(/\n {8,}/g, ' ')
  const rows = new Map([...long.matchAll(/^ {2}(\S+(?: \S+)*) {2,}(.*)$/gm)].map((match) => [match[1], match[2] ?? '']))
  for (const { path } of catalog) {
    const words = path.split(' ')
    const groups = words.slice(0, -1).map((_, index) => words.slice(0, index + 1).join(' '))
    const inGroup = groups.some((group) =>
      rows
        .get(`${group} …`)
        ?.split(', ')
        .includes(path.slice(group.length + 1).split(' ')[0] ?? ''),
    )
    expect([path, rows.has(path) || inGroup]).toEqual([path, true])
  }
  expect(rootHelp([...catalog, { ...plain(commands[0]!), path: 'odd thing', about: 'Do an odd thing' }])).toMatch(
    /\nMore:\n(?: {2}.*\n)* {2}odd thing +Do an odd thing\n/,
  )
})
