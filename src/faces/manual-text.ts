// The manual as text for a terminal. Pure text from the data in manual.ts.
import { PLAIN_WIDTH, columns, wrap } from './layout.ts'
import { AGENT_GUIDE, LIFECYCLE, OUTPUT, OVERVIEW, RECIPES, SAFETY, TOPICS, TROUBLESHOOTING } from './manual.ts'
import type { ManualTopic } from './manual.ts'

/** What `tvault help <topic>` prints. */
export function manualText(topic: ManualTopic, width = PLAIN_WIDTH): string {
  const heading = (text: string) => `${text}\n${'-'.repeat(text.length)}\n`
  const part = (title: string, text: string) => `\n${title}:\n${wrap(text, width, '  ')}`
  const list = (title: string, items: readonly string[]) =>
    `\n${title}:\n${items.map((item) => hanging(item, width)).join('')}`
  switch (topic) {
    case 'workflow':
      return (
        heading('Workflow') +
        wrap(OVERVIEW, width) +
        LIFECYCLE.map(({ step, command, why }) => `\n${step}\n  $ ${command}\n${wrap(why, width, '  ')}`).join('')
      )
    case 'safety':
      return (
        heading('Safety') +
        part('Encryption', SAFETY.encryption) +
        part('Keys', SAFETY.key_hierarchy) +
        part('Output of programs', SAFETY.redaction) +
        part('AI agents', SAFETY.agent_safety) +
        list('Never', SAFETY.never_do_this) +
        part('Encrypted files', SAFETY.encrypted_env_note) +
        '\nMore: tvault docs threat-model\n'
      )
    case 'recipes':
      return (
        heading('Recipes') +
        RECIPES.map(
          ({ name, commands, description }) =>
            `\n${name}\n${commands.map((command) => `  $ ${command}\n`).join('')}${wrap(description, width, '  ')}`,
        ).join('')
      )
    case 'output':
      return (
        heading('Output') +
        part('JSON', OUTPUT.json_usage) +
        `\nFormats of tvault env:\n${OUTPUT.env_formats.map((line) => `  ${line}\n`).join('')}` +
        part('Rule', OUTPUT.golden_rule) +
        '\nMore: tvault docs formats, tvault docs exit-codes\n'
      )
    case 'agent':
      return (
        heading('For AI agents') +
        part('Find out what there is', AGENT_GUIDE.discover) +
        list('In this order', AGENT_GUIDE.preferred_order) +
        list('Avoid', AGENT_GUIDE.anti_patterns) +
        part('Stop and ask', AGENT_GUIDE.when_to_ask_for_help)
      )
    case 'troubleshooting':
      return (
        heading('Troubleshooting') +
        TROUBLESHOOTING.map(({ problem, solution }) => `\n${wrap(problem, width)}${wrap(solution, width, '  ')}`).join(
          '',
        )
      )
    case 'topics':
      return (
        heading('Topics') +
        columns(
          TOPICS.map(({ slug, title }) => [slug, title]),
          { width },
        ) +
        '\nRead one: tvault help <topic>. The documents that ship with tvault: tvault docs\n'
      )
  }
}

/** An item after a dash, unless it has a number; its further lines are indented below it. */
function hanging(item: string, width: number): string {
  if (/^\d/.test(item)) return wrap(item, width, '     ').replace(/^ {5}/, '  ')
  return `  - ${wrap(item, width, '    ').trimStart()}`
}
