// Which command is meant. The longest run of words that is in the table wins; a word that belongs to no command is an
// error with a suggestion, and never falls through to the command above it.
import { commands, match } from '../../commands/index.ts'
import type { Command } from '../../commands/define.ts'
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
  if (found !== undefined) {
    refuseUnknownChild(found.command, words[found.words])
    const own = new Set(places.slice(0, found.words))
    return { command: found.command, rest: tokens.filter((_, place) => !own.has(place)) }
  }
  if (first !== undefined && !isGroup(first)) throw unknownCommand(first)
  if (first !== undefined && second !== undefined) throw unknownMember(first, second)
  const flag = tokens.find((token) => token.startsWith('-') && globalFlag(token) === undefined && token !== '--version')
  if (flag !== undefined && flag !== '--') {
    const where = first === undefined ? '' : ` ${first}`
    throw new Failure('usage', `unknown flag: ${flag.slice(0, 40)}`, { hint: `tvault${where} --help` })
  }
  if (tokens.at(-1) !== '--' && flag === '--') {
    throw new Failure('usage', 'there is no command in front of --', { hint: 'tvault help' })
  }
  return first === undefined ? 'nothing' : { group: first }
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
    const flag = token === '--' ? undefined : globalFlag(token)
    if (flag === undefined) break
    if (flag.takesNext) at += 1
  }
  return places
}

function allPaths(): string[] {
  return commands.flatMap(({ path, aliases = [] }) => [path, ...aliases])
}

function isGroup(word: string): boolean {
  return allPaths().some((path) => path.startsWith(`${word} `))
}

/** The words that may follow `word`. */
function membersOf(word: string): string[] {
  return allPaths().flatMap((path) => (path.startsWith(`${word} `) ? [path.slice(word.length + 1)] : []))
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
