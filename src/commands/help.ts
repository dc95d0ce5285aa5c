// Help of a command, of a group, the manual by topic, or the text of a document. With --json the data behind it, in the
// shape of TinyVault where that has one.
import { commandHelp } from '../faces/command-help.ts'
import { groupHelp, rootHelp } from '../faces/help.ts'
import { GLOBAL_FLAGS } from '../faces/fields.ts'
import { FAILURES, Failure } from '../lib/errors.ts'
import { suggest } from '../lib/suggest.ts'
import type { Context } from './context.ts'
import { define } from './define.ts'

interface Answer {
  text: string
  data: unknown
}

export default define({
  path: 'help',
  about: 'Show help for a command or a topic',
  detail:
    'A command, a group of commands, a topic (tvault help topics lists them) or a document (tvault docs). Without any, ' +
    'all commands. --json gives the whole manual as data, or the part that is named.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    words: {
      kind: 'list',
      at: 0,
      about: 'A command, or a topic such as recipes',
      placeholder: 'command or topic',
    },
  },
  examples: [
    { words: 'help set', about: 'One command' },
    { words: 'help recipes', about: 'A topic; tvault help topics lists them' },
    { words: 'help threat-model', about: 'A document; tvault docs lists them' },
    { words: 'help --json', about: 'The manual for programs' },
  ],
  async run(context, { words = [] }): Promise<Answer> {
    const catalog = context.catalog()
    const { width } = context.style
    const typed = words.join(' ')
    if (typed === '') return { text: rootHelp(catalog, width), data: await wholeManual(context) }
    const found = catalog.find(({ path, aliases }) => path === typed || aliases.includes(typed))
    const manual = await import('../faces/manual.ts')
    const topic = manual.manualTopic(typed)
    if (found !== undefined) return { text: commandHelp(found, width), data: found }
    const members = catalog.filter(({ path }) => path.startsWith(`${typed} `))
    if (topic !== undefined) {
      const { manualText } = await import('../faces/manual-text.ts')
      const more = members.length > 0 ? `\nThe commands: tvault ${typed} --help\n` : ''
      return { text: manualText(topic, width) + more, data: manual.manualData(topic) }
    }
    if (members.length > 0) return { text: groupHelp(typed, members, width), data: { group: typed, commands: members } }
    const text = await context.topic(typed)
    if (text !== undefined) return { text, data: { topic: typed, text } }
    const known = [...catalog.map(({ path }) => path), ...manual.TOPICS.map(({ slug }) => slug)]
    const near = suggest(typed, [...known, ...context.topics().map(({ slug }) => slug)])
    throw new Failure('usage', `there is no command and no topic "${typed.slice(0, 40)}"`, {
      hint: near.length > 0 ? `tvault help ${near[0]}` : 'tvault help, tvault help topics, tvault docs',
    })
  },
  human: ({ text }) => text,
  json: ({ data }) => data,
})

/** Everything, under the keys of TinyVault. */
async function wholeManual(context: Context): Promise<unknown> {
  const manual = await import('../faces/manual.ts')
  return {
    overview: manual.OVERVIEW,
    lifecycle: manual.LIFECYCLE,
    conventions: {
      flags: GLOBAL_FLAGS.map(
        ({ name, short, about }) => `--${name}${short === undefined ? '' : `, -${short}`}  ${about}`,
      ),
      env_vars: context.settings.flatMap(({ name, kind, about }) => (kind === 'variable' ? [`${name}  ${about}`] : [])),
      exit_codes: ['0  it worked', ...Object.values(FAILURES).map(({ exit, about }) => `${exit}  ${about}`)],
      filesystem: manual.FILES,
    },
    output: manual.OUTPUT,
    safety: manual.SAFETY,
    recipes: manual.RECIPES,
    agent_guide: manual.AGENT_GUIDE,
    troubleshooting: manual.TROUBLESHOOTING,
    topics: manual.TOPICS,
  }
}
