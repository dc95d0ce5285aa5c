// Reads `mcp-recipes.yaml`, in which the owner says how a program that an AI agent runs is given a secret. A file that is
// not understood to its last word is of no use: no program is started then.
import { text } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { isKey, printable } from '../lib/names.ts'
import { parseFirstDocument } from './yaml-keys.ts'

/** How one secret is handed over. */
export interface Recipe {
  /** `env`: a variable; `stdin`: what the program reads; `file`: a private file; `askpass`: the answer to a prompt. */
  as: 'env' | 'stdin' | 'file' | 'askpass'
  /** The variable that holds the value, or the path of the file; default: the name of the secret. */
  name: string | undefined
  /** What `askpass` answers to the question for a user name. */
  user: string
}

const MOST_RECIPES = 1000
const WAYS: readonly string[] = ['env', 'stdin', 'file', 'askpass']
const USER = /^[A-Za-z0-9@._+-]{1,200}$/

/** Recipes by secret: `KEY`, or `PROJECT/KEY` for that of one project. Throws `failed`. */
export function parseRecipes(bytes: Uint8Array): ReadonlyMap<string, Recipe> {
  const { value, more } = parseFirstDocument(text(bytes) ?? refuse('is not UTF-8 text'))
  if (more) refuse('has a second document, of which nothing would be known')
  if (value === null) return new Map()
  if (!isObject(value)) refuse('does not hold recipes')
  const entries = Object.entries(value)
  if (entries.length > MOST_RECIPES) refuse(`has more than ${MOST_RECIPES} recipes`)
  return new Map(entries.map(([name, recipe]) => [name, recipeOf(name, recipe)]))
}

/** The recipe for a secret of a project, or undefined. */
export function recipeFor(recipes: ReadonlyMap<string, Recipe>, project: string, key: string): Recipe | undefined {
  return recipes.get(`${project}/${key}`) ?? recipes.get(key)
}

function recipeOf(name: string, recipe: unknown): Recipe {
  const place = printable(name)
  if (!isKey(name.slice(name.lastIndexOf('/') + 1))) refuse(`${place} is no name of a secret`)
  if (!isObject(recipe)) return refuse(`${place} has no settings`)
  const { as = 'env', name: variable, user = 'x-access-token', ...others } = recipe
  const [other] = Object.keys(others)
  if (other !== undefined) refuse(`${place} has a setting that is none: ${printable(other)}`)
  if (typeof as !== 'string' || !WAYS.includes(as)) refuse(`${place}: as is not ${WAYS.join(', ')}`)
  if (variable !== undefined && (typeof variable !== 'string' || !isKey(variable)))
    refuse(`${place}: name is no variable`)
  if (typeof user !== 'string' || !USER.test(user)) refuse(`${place}: user is no name of a user`)
  return { as: as as Recipe['as'], name: variable as string | undefined, user: user as string }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(what: string): never {
  throw new Failure('failed', `mcp-recipes.yaml ${what}`)
}
