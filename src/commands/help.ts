// Help of a command, of a group, or the text of a topic.
import { commandHelp } from '../faces/command-help.ts'
import { groupHelp, rootHelp } from '../faces/help.ts'
import { Failure } from '../lib/errors.ts'
import { suggest } from '../lib/suggest.ts'
import { define } from './define.ts'

export default define({
  path: 'help',
  about: 'Show help for a command or a topic',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    words: {
      kind: 'list',
      at: 0,
      about: 'A command, or a topic such as threat-model',
      placeholder: 'command or topic',
    },
  },
  examples: [
    { words: 'help set', about: 'One command' },
    { words: 'help threat-model', about: 'A topic; tvault docs lists them' },
  ],
  async run(context, { words = [] }) {
    const catalog = context.catalog()
    const { width } = context.style
    const typed = words.join(' ')
    if (typed === '') return rootHelp(catalog, width)
    const found = catalog.find(({ path, aliases }) => path === typed || aliases.includes(typed))
    if (found !== undefined) return commandHelp(found, width)
    const members = catalog.filter(({ path }) => path.startsWith(`${typed} `))
    if (members.length > 0) return groupHelp(typed, members, width)
    const topic = await context.topic(typed)
    if (topic !== undefined) return topic
    const near = suggest(typed, [...catalog.map(({ path }) => path), ...context.topics().map(({ slug }) => slug)])
    throw new Failure('usage', `there is no command and no topic "${typed.slice(0, 40)}"`, {
      hint: near.length > 0 ? `tvault help ${near[0]}` : 'tvault help, tvault docs',
    })
  },
  human: (text) => text,
  json: (text) => ({ text }),
})
