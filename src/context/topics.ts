// The pages of `tvault docs`. Their text is part of the program and is loaded only when one is read.
type Load = () => Promise<{ default: string }>

interface Topic {
  slug: string
  title: string
  load: Load
}

const TOPICS: readonly Topic[] = [
  {
    slug: 'threat-model',
    title: 'What is protected against whom, and where it stops',
    load: () => import('../topics/threat-model.md', { with: { type: 'text' } }),
  },
  {
    slug: 'agent',
    title: 'Unlock once: the agent, its tokens, and hooks',
    load: () => import('../topics/agent.md', { with: { type: 'text' } }),
  },
  {
    slug: 'mcp',
    title: 'AI agents: tools, policy, programs with secrets',
    load: () => import('../topics/mcp.md', { with: { type: 'text' } }),
  },
  {
    slug: 'policy',
    title: 'What AI agents may do: rules, budgets, being asked',
    load: () => import('../topics/policy.md', { with: { type: 'text' } }),
  },
  {
    slug: 'formats',
    title: 'The vault file, dotenv and the other outputs',
    load: () => import('../topics/formats.md', { with: { type: 'text' } }),
  },
  {
    slug: 'sharing',
    title: 'Sharing without a server: identities, recipients, sealed files',
    load: () => import('../topics/sharing.md', { with: { type: 'text' } }),
  },
  {
    slug: 'git',
    title: 'Encrypted files in git: filters, recipients, merging',
    load: () => import('../topics/git.md', { with: { type: 'text' } }),
  },
  {
    slug: 'environments',
    title: 'Environment groups: production, staging and what they inherit',
    load: () => import('../topics/environments.md', { with: { type: 'text' } }),
  },
  {
    slug: 'moving-in',
    title: 'Moving in: from TinyVault (Go) and other tools',
    load: () => import('../topics/moving-in.md', { with: { type: 'text' } }),
  },
  {
    slug: 'integrations',
    title: 'Containers, other machines, CI services, shells',
    load: () => import('../topics/integrations.md', { with: { type: 'text' } }),
  },
  {
    slug: 'install',
    title: 'Installing, checking what you got, updating',
    load: () => import('../topics/install.md', { with: { type: 'text' } }),
  },
  {
    slug: 'commands',
    title: 'Every command with its arguments and flags',
    load: () => import('../topics/commands.md', { with: { type: 'text' } }),
  },
  {
    slug: 'exit-codes',
    title: 'What the exit codes mean',
    load: () => import('../topics/exit-codes.md', { with: { type: 'text' } }),
  },
  {
    slug: 'environment',
    title: 'Variables and the configuration file',
    load: () => import('../topics/environment.md', { with: { type: 'text' } }),
  },
  {
    slug: 'compatibility',
    title: 'What differs from TinyVault 0.23, and why',
    load: () => import('../topics/compatibility.md', { with: { type: 'text' } }),
  },
]

export function topics(): readonly { slug: string; title: string }[] {
  return TOPICS.map(({ slug, title }) => ({ slug, title }))
}

/** The text of the page without the marks of generated blocks, or undefined when there is none of that name. */
export async function topic(slug: string): Promise<string | undefined> {
  const page = TOPICS.find((candidate) => candidate.slug === slug)
  return page && (await page.load()).default.replaceAll(/^<!-- .* -->\n/gm, '')
}
