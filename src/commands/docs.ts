// The documents that ship in the program. `docs commands --json` is the manifest: every command as data.
import { columns } from '../faces/layout.ts'
import { Failure } from '../lib/errors.ts'
import { suggest } from '../lib/suggest.ts'
import { define } from './define.ts'

export default define({
  path: 'docs',
  about: 'Read the documents that ship with tvault',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    topic: { kind: 'text', at: 0, about: 'Which one; without it all are listed' },
    man: { kind: 'flag', about: 'The manual page instead, for man -l -' },
  },
  examples: [
    { words: 'docs', about: 'The list' },
    { words: 'docs threat-model', about: 'One document' },
    { words: 'docs commands --json', about: 'Every command as data' },
    { words: 'docs --man', about: 'The manual page; tvault docs --man | man -l - shows it' },
  ],
  async run(context, { topic: slug, man: manual }) {
    const topics = context.topics()
    if (manual) {
      if (slug !== undefined)
        throw new Failure('usage', 'there is one manual page for all topics', { hint: 'tvault docs --man' })
      const { man } = await import('../faces/man.ts')
      return { topics, text: man(context.catalog(), context.build.version), commands: undefined }
    }
    if (slug === undefined) return { topics, text: undefined, commands: undefined }
    const text = await context.topic(slug)
    if (text === undefined) {
      const near = suggest(
        slug,
        topics.map((topic) => topic.slug),
      )
      throw new Failure('not_found', `no topic "${slug.slice(0, 40)}"`, { hint: `tvault docs ${near[0] ?? ''}`.trim() })
    }
    return { topics, text, commands: slug === 'commands' ? context.catalog() : undefined }
  },
  human: ({ topics, text }) =>
    text ?? `${columns(topics.map(({ slug, title }) => [slug, title]))}\nRead one: tvault docs <topic>\n`,
  json: ({ topics, text, commands }) => commands ?? (text === undefined ? topics : { text }),
})
