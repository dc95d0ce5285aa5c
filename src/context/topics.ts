// The pages of `tvault docs`. Their text is part of the program and is loaded only when one is read.
type Load = () => Promise<{ default: string }>

interface Topic {
  slug: string
  title: string
  load: Load
}

const TOPICS: readonly Topic[] = []

export function topics(): readonly { slug: string; title: string }[] {
  return TOPICS.map(({ slug, title }) => ({ slug, title }))
}

/** The text of the page, or undefined when there is none of that name. */
export async function topic(slug: string): Promise<string | undefined> {
  const page = TOPICS.find((candidate) => candidate.slug === slug)
  return page && (await page.load()).default
}
