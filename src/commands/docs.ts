// The documents that ship in the program. `docs commands --json` is the manifest: every command as data. The lists of
// features and topics are for programs and are JSON in either form, as in TinyVault.
import { columns } from '../faces/layout.ts'
import { Failure } from '../lib/errors.ts'
import { suggest } from '../lib/suggest.ts'
import type { Context } from './context.ts'
import { define } from './define.ts'

interface Answer {
  text: string
  data: unknown
}

/** Names of TinyVault's topics that are commands or documents of another name here. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  interpolate: 'formats',
  codemap: 'commands',
  environments: 'env group',
}

export default define({
  path: 'docs',
  about: 'Read the documents that ship with tvault',
  detail:
    'A document, a feature, a topic of tvault help, or a command. docs features and docs topics are lists for ' +
    'programs, always JSON; docs commands --json is every command as data.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    words: { kind: 'list', at: 0, placeholder: 'topic', about: 'Which one; without it all are listed' },
    topic: { kind: 'text', short: 't', placeholder: 'name', about: 'The same as a flag' },
    man: { kind: 'flag', about: 'The manual page instead, for man -l -' },
  },
  examples: [
    { words: 'docs', about: 'The list' },
    { words: 'docs threat-model', about: 'One document' },
    { words: 'docs features', about: 'What tvault can do, as JSON' },
    { words: 'docs commands --json', about: 'Every command as data' },
    { words: 'docs --man', about: 'The manual page; tvault docs --man | man -l - shows it' },
  ],
  async run(context, { words, topic, man: manual }): Promise<Answer> {
    if (words !== undefined && topic !== undefined) {
      throw new Failure('usage', 'the topic was given twice', { hint: 'leave --topic out' })
    }
    const slug = topic ?? words?.join(' ')
    if (manual) {
      if (slug !== undefined)
        throw new Failure('usage', 'there is one manual page for all topics', { hint: 'tvault docs --man' })
      const { man } = await import('../faces/man.ts')
      const text = man(context.catalog(), context.build.version)
      return { text, data: { text } }
    }
    if (slug === undefined) return overview(context)
    return (await list(context, slug)) ?? (await page(context, slug)) ?? refuse(context, slug)
  },
  human: ({ text }) => text,
  json: ({ data }) => data,
})

async function overview(context: Context): Promise<Answer> {
  const { FEATURES } = await import('../faces/features.ts')
  const rows = context.topics().map(({ slug, title }) => [slug, title] as const)
  const text = `${columns(rows)}\nRead one: tvault docs <topic>. For programs: docs features, docs topics, docs commands --json\n`
  return { text, data: { features: FEATURES, topics: await topicList(context) } }
}

/** The two lists that are JSON whether asked for or not. */
async function list(context: Context, slug: string): Promise<Answer | undefined> {
  if (slug !== 'features' && slug !== 'topics') return undefined
  const data = slug === 'features' ? (await import('../faces/features.ts')).FEATURES : await topicList(context)
  return { text: `${JSON.stringify(data, undefined, 2)}\n`, data }
}

/** Documents with their first paragraph and first example. */
async function topicList(context: Context): Promise<unknown> {
  return Promise.all(
    context.topics().map(async ({ slug, title }) => {
      const text = (await context.topic(slug)) ?? ''
      const description = /^(?:#[^\n]*\n+)?([^\n#`|-][^\n]*)/.exec(text)?.[1] ?? title
      const example = /```\w*\n([^]*?)```/.exec(text)?.[1]?.trimEnd() ?? ''
      return { slug, title, description, example }
    }),
  )
}

/** A document, a feature, a topic of the manual or a command: whichever has that name first. */
async function page(context: Context, typed: string): Promise<Answer | undefined> {
  const slug = OTHER_WORDS[typed] ?? typed
  const text = await context.topic(slug)
  if (text !== undefined) return { text, data: slug === 'commands' ? context.catalog() : { slug, text } }
  const { FEATURES } = await import('../faces/features.ts')
  const feature = FEATURES.find(({ name }) => name === slug)
  if (feature !== undefined) {
    const { name, summary, commands, description } = feature
    const lines = commands.map((command) => `  ${command}\n`).join('')
    return { text: `# ${name}\n\n${summary}.\n\n${description}\n\nExample:\n${lines}`, data: feature }
  }
  const { manualData, manualTopic } = await import('../faces/manual.ts')
  const topic = manualTopic(slug)
  const { width } = context.style
  if (topic !== undefined) {
    const { manualText } = await import('../faces/manual-text.ts')
    return { text: manualText(topic, width), data: manualData(topic) }
  }
  const [{ commandHelp }, { groupHelp }] = await Promise.all([
    import('../faces/command-help.ts'),
    import('../faces/help.ts'),
  ])
  const command = context.catalog().find(({ path, aliases }) => path === slug || aliases.includes(slug))
  if (command !== undefined) return { text: commandHelp(command, width), data: command }
  const members = context.catalog().filter(({ path }) => path.startsWith(`${slug} `))
  if (members.length === 0) return undefined
  return { text: groupHelp(slug, members, width), data: { group: slug, commands: members } }
}

async function refuse(context: Context, slug: string): Promise<never> {
  const { FEATURES } = await import('../faces/features.ts')
  const known = [...context.topics().map((topic) => topic.slug), ...FEATURES.map(({ name }) => name)]
  const near = suggest(slug, known)
  throw new Failure('not_found', `no topic "${slug.slice(0, 40)}"`, { hint: `tvault docs ${near[0] ?? ''}`.trim() })
}
