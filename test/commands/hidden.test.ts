// Commands that only programs call: nobody is shown them, and everybody who knows the words reaches them.
import { expect, test } from 'bun:test'
import { commands, match } from '../../src/commands/index.ts'
import { listed } from '../../src/commands/describe.ts'
import { completion } from '../../src/faces/completion.ts'
import { rootHelp } from '../../src/faces/help.ts'
import { man } from '../../src/faces/man.ts'
import { meant } from '../../src/modes/cli/words.ts'

const hidden = commands.filter((command) => command.hidden)

test('the words of git and of TinyVault 0.23 are there', () => {
  for (const words of ['git-clean', 'git-smudge', 'git-filter clean', 'git-filter smudge', 'git-filter process'])
    expect(match(words.split(' '))?.command.hidden).toBeTrue()
  expect(hidden.map(({ path }) => path).sort()).toEqual(
    expect.arrayContaining([
      'git-clean',
      'git-filter merge',
      'git-filter process',
      'git-filter textconv',
      'git-smudge',
    ]),
  )
})

test('no list, completion, manual or suggestion has them', () => {
  const shown = listed(commands)
  const texts = [rootHelp(shown), man(shown, '1'), completion('bash', shown), completion('fish', shown)]
  for (const { path } of hidden) {
    expect(shown.map((one) => one.path)).not.toContain(path)
    for (const text of texts) expect(text.replaceAll('\\-', '-')).not.toContain(path)
  }
  expect(() => meant(['git-filter', 'proces'])).toThrow(
    expect.objectContaining({ hint: expect.not.stringContaining('process') }),
  )
})
