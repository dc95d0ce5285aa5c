// One command = one file = one entry of the table; the words typed are the path of the file.
import { expect, test } from 'bun:test'
import { commands } from '../../src/commands/index.ts'
import type { Command } from '../../src/commands/define.ts'
import { commandFaults, commandFiles, placeFaults } from './commands.ts'
import { plant, readHouse } from './house.ts'

const house = readHouse()

test('the guard sees the folder and the table', () => {
  expect(commandFiles(house)).toContain('get')
  expect(commandFiles(house)).toContain('projects/create')
  expect(commands.length).toBeGreaterThan(25)
})

test('folder, table and declarations agree', () => expect(commandFaults(house, commands)).toEqual([]))

test('what is no command is a part or the frame, and parts know no command', () => {
  expect(placeFaults(house)).toEqual([])
  for (const [path, text] of [
    ['src/commands/stray.ts', 'export const x = 1'],
    ['src/commands/git-filter/stray.ts', 'export const x = 1'],
    ['src/commands/parts/stray.ts', 'export default define({})'],
    ['src/commands/parts/choose.ts', "import get from '../get.ts'"],
    ['src/commands/parts/choose.ts', "import { commands } from '../index.ts'"],
  ] as const)
    expect([path, placeFaults(plant(house, path, text)).length]).toEqual([path, 1])
})

test('planted disagreements are caught', () => {
  const [first] = commands
  const changed = (part: Partial<Command>): Command[] =>
    commands.map((command) => (command === first ? { ...command, ...part } : command))
  const cases: [string, string[]][] = [
    [
      'a file outside the table',
      commandFaults(plant(house, 'src/commands/stray.ts', 'export default define({})'), commands),
    ],
    ['an entry without a file', commandFaults(house, changed({ path: 'nowhere' }))],
    ['two with the same words', commandFaults(house, changed({ aliases: ['get'] }))],
    ['an example of something else', commandFaults(house, changed({ examples: [{ words: 'nonsense', about: 'x' }] }))],
    ['keys that are not said', commandFaults(house, changed({ effect: 'reveal', holdsKeys: false }))],
  ]
  for (const [what, faults] of cases) expect([what, faults.length]).not.toEqual([what, 0])
})
