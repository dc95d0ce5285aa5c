// Reads `mcp-recipes.yaml`, in which the owner says how a program that an AI agent runs is given a secret, and what runs
// before and behind it. A file that is not understood to its last word is of no use: no program is started then.
// The rule: programs are lists of words with an absolute path; a text that a shell would have to read is refused.
import { isAbsolute, normalize } from 'node:path'
import { text } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { isKey, printable } from '../lib/names.ts'
import { parseFirstDocument } from './yaml-keys.ts'

/** A program and its words. */
export type Words = readonly string[]

/** How one secret is handed over. */
export interface Recipe {
  /** `env`: a variable; `stdin`: what the program reads; `file`: a private file; `askpass`: the answer to a prompt. */
  as: 'env' | 'stdin' | 'file' | 'askpass'
  /** The variable that holds the value, or the path of the file; default: the name of the secret. */
  name: string | undefined
  /** What `askpass` answers to the question for a user name. */
  user: string
  /** Programs of the owner that run before the one that is asked for, and behind it. */
  setUp: readonly Words[]
  tearDown: readonly Words[]
}

const MOST_RECIPES = 1000
const MOST_PROGRAMS = 8
const MOST_WORDS = 64
const LONGEST_WORD = 4096
const WAYS: readonly string[] = ['env', 'stdin', 'file', 'askpass']
const USER = /^[A-Za-z0-9@._+-]{1,200}$/
const SETTINGS = ['as', 'name', 'user', 'set-up', 'tear-down']

/** Recipes by secret: `KEY`, or `PROJECT/KEY` for that of one project. Throws `failed`, with the number of the line. */
export function parseRecipes(bytes: Uint8Array): ReadonlyMap<string, Recipe> {
  const { value, more, lineOf } = parseFirstDocument(text(bytes) ?? refuse('is not UTF-8 text'))
  if (more) refuse('has a second document, of which nothing would be known')
  if (value === null) return new Map()
  if (!isObject(value)) return refuse('does not hold recipes')
  const entries = Object.entries(value)
  if (entries.length > MOST_RECIPES) refuse(`has more than ${MOST_RECIPES} recipes`)
  const recipes = entries.map(([name, recipe]) => {
    const line = lineOf(value, name)
    if (!isKey(name.slice(name.lastIndexOf('/') + 1))) refuseAt(line, `${printable(name)} is no name of a secret`)
    if (!isObject(recipe)) return refuseAt(line, `${printable(name)} has no settings`)
    return [name, recipeOf(recipe, (setting, what) => refuseAt(lineOf(recipe, setting) || line, what))] as const
  })
  return new Map(recipes)
}

/** The recipe for a secret of a project, or undefined. */
export function recipeFor(recipes: ReadonlyMap<string, Recipe>, project: string, key: string): Recipe | undefined {
  return recipes.get(`${project}/${key}`) ?? recipes.get(key)
}

/** `wrong` is told the setting in whose line the fault is. */
function recipeOf(recipe: Record<string, unknown>, wrong: (setting: string, what: string) => never): Recipe {
  const { as = 'env', name, user = 'x-access-token' } = recipe
  const other = Object.keys(recipe).find((setting) => !SETTINGS.includes(setting))
  if (other !== undefined) wrong(other, `there is no setting ${printable(other)}; there are: ${SETTINGS.join(', ')}`)
  if (typeof as !== 'string' || !WAYS.includes(as)) wrong('as', `as is not one of ${WAYS.join(', ')}`)
  if (name !== undefined && (typeof name !== 'string' || !isKey(name))) wrong('name', 'name is no variable')
  if (typeof user !== 'string' || !USER.test(user)) return wrong('user', 'user is no name of a user')
  const programs = (setting: string): readonly Words[] =>
    programsIn(recipe[setting], (what) => wrong(setting, `${setting}: ${what}`))
  return {
    as: as as Recipe['as'],
    name: name as string | undefined,
    user,
    setUp: programs('set-up'),
    tearDown: programs('tear-down'),
  }
}

function programsIn(said: unknown, wrong: (what: string) => never): readonly Words[] {
  if (said === undefined) return []
  if (!Array.isArray(said)) return wrong('is no list of programs, each a list of words')
  if (said.length > MOST_PROGRAMS) wrong(`has more than ${MOST_PROGRAMS} programs`)
  return said.map((words: unknown, i) => {
    const place = `program ${i + 1}`
    if (!Array.isArray(words) || words.length === 0) {
      return wrong(`${place} is no list of words; there is no shell, and each word stands by itself`)
    }
    if (words.length > MOST_WORDS) wrong(`${place} has more than ${MOST_WORDS} words`)
    const strange = words.findIndex((word) => !isWord(word))
    if (strange !== -1) wrong(`${place}: word ${strange + 1} is no text; write numbers and true in quotes`)
    const [program = '', ...rest] = words.map(String)
    if (!isAbsolute(program) || normalize(program) !== program || program.endsWith('/')) {
      wrong(`${place}: ${printable(program.slice(0, 80))} is no absolute path of a program`)
    }
    return [program, ...rest]
  })
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_WORD && !value.includes('\0')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuseAt(line: number, what: string): never {
  return refuse(line === 0 ? `has a recipe that is none: ${what}` : `line ${line}: ${what}`)
}

function refuse(what: string): never {
  throw new Failure('failed', `mcp-recipes.yaml ${what}`)
}
