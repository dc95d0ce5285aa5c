// Which command is meant. The longest run of words that is in the table wins; a word that belongs to no command is an
// error with a suggestion, and never falls through to the command above it.
import { commands, match } from '../../commands/index.ts'
import type { Command, Fields } from '../../commands/define.ts'
import { Failure } from '../../lib/errors.ts'
import { suggest } from '../../lib/suggest.ts'
import { globalFlag } from './argv.ts'

/** A command with the tokens that are not its words; a word that only begins commands; or no word at all. */
export type Meant = { command: Command; rest: string[] } | { group: string } | 'nothing'

/** What the words of `tokens` mean. Throws a usage failure for unknown words and, without a command, for unknown flags. */
export function meant(tokens: readonly string[]): Meant {
  const places = wordPlaces(tokens)
  const words = places.map((place) => tokens[place] ?? '')
  const [first, second] = words
  const found = match(words)
  const depth = groupDepth(words)
  // `env group`: `env` is a command, but the second word has gone past it.
  if (found !== undefined && depth > found.words) {
    const group = words.slice(0, depth).join(' ')
    if (words[depth] !== undefined) throw unknownMember(group, words[depth])
    return { group: mainName(group) }
  }
  if (found !== undefined) {
    refuseUnknownChild(found.command, words[found.words])
    const own = new Set(places.slice(0, found.words))
    return { command: found.command, rest: tokens.filter((_, place) => !own.has(place)) }
  }
  if (first !== undefined && !isGroup(first)) throw unknownCommand(first)
  if (first !== undefined && second !== undefined) throw unknownMember(first, second)
  const known = sharedFlags(words)
  const flag = tokens.find(
    (token) => token.startsWith('-') && globalFlag(token, known) === undefined && token !== '--version',
  )
  if (flag !== undefined && flag !== '--') {
    const where = first === undefined ? '' : ` ${first}`
    throw new Failure('usage', `unknown flag: ${flag.slice(0, 40)}`, { hint: `tvault${where} --help` })
  }
  if (tokens.at(-1) !== '--' && flag === '--') {
    throw new Failure('usage', 'there is no command in front of --', { hint: 'tvault help' })
  }
  return first === undefined ? 'nothing' : { group: mainName(first) }
}

/** How many of the first words are the beginning of longer commands. */
function groupDepth(words: readonly string[]): number {
  let depth = 0
  while (depth < words.length && isGroup(words.slice(0, depth + 1).join(' '))) depth++
  return depth
}

/** `projects` for `p`: the words of a group as they stand in the paths of its commands. */
function mainName(group: string): string {
  const count = group.split(' ').length
  const first = commands.find(({ path, aliases = [] }) => [path, ...aliases].some((one) => one.startsWith(`${group} `)))
  return first === undefined ? group : first.path.split(' ').slice(0, count).join(' ')
}

/** Where the words that may name a command stand: everything that is no global flag, up to the first other flag. */
function wordPlaces(tokens: readonly string[]): number[] {
  const places: number[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? ''
    if (token === '-' || !token.startsWith('-')) {
      places.push(at)
      continue
    }
    const flag = token === '--' ? undefined : globalFlag(token, sharedFlags(places.map((place) => tokens[place] ?? '')))
    if (flag === undefined) break
    if (flag.takesNext) at += 1
  }
  return places
}

/** `docker --only A compose`: flags that all commands below these words take alike may stand before the last word. */
function sharedFlags(words: readonly string[]): Fields {
  if (words.length === 0 || match(words) !== undefined) return {}
  const members = commands.filter(({ path }) => path.startsWith(`${words.join(' ')} `))
  const shared: Fields = {}
  for (const [name, field] of members.flatMap(({ input }) => Object.entries(input))) {
    if (field.at !== undefined || field.kind === 'rest') continue
    const alike = members.every(({ input }) => (input[name] ?? field).kind === field.kind)
    if (alike) shared[name] = field
  }
  return shared
}

function allPaths(): string[] {
  return commands.flatMap(({ path, aliases = [], hidden }) => (hidden ? [] : [path, ...aliases]))
}

function isGroup(word: string): boolean {
  return allPaths().some((path) => path.startsWith(`${word} `))
}

/** The words that may follow `word`. */
function membersOf(word: string): string[] {
  const rest = allPaths().flatMap((path) => (path.startsWith(`${word} `) ? [path.slice(word.length + 1)] : []))
  return [...new Set(rest.map((words) => words.split(' ')[0] ?? ''))]
}

/** `audit verfy`: the command takes no words of its own, so the next word was to name a command below it. */
function refuseUnknownChild(command: Command, next: string | undefined): void {
  const takesWords = Object.values(command.input).some(({ at }) => at !== undefined)
  if (next !== undefined && !takesWords && isGroup(command.path)) throw unknownMember(command.path, next)
}

function unknownCommand(word: string): Failure {
  const firsts = [...new Set(allPaths().map((path) => path.split(' ')[0] ?? ''))]
  const inside = commands.map(({ path }) => path).filter((path) => path.split(' ').slice(1).includes(word))
  const near = [...suggest(word, firsts), ...inside].slice(0, 3)
  return new Failure('usage', `unknown command "${word.slice(0, 40)}"`, {
    hint: near.length > 0 ? `did you mean ${near.map((path) => `tvault ${path}`).join(' or ')}?` : 'tvault help',
  })
}

function unknownMember(group: string, word: string): Failure {
  const members = membersOf(group)
  const near = suggest(word, members)
  return new Failure('usage', `unknown command "${group} ${word.slice(0, 40)}"`, {
    hint:
      near.length > 0
        ? `did you mean tvault ${group} ${near[0]}?`
        : `tvault ${group} knows: ${[...new Set(members)].join(', ')}`,
  })
}
