// How the owner wants secrets to be handed to programs of AI agents, from the file beside the vault. As with the policy,
// a file that is broken, foreign or writable by others stops what would need it.
import { dirname, join } from 'node:path'
import type { Given } from '../guard/confined-values.ts'
import type { Step, Steps } from '../guard/confined-steps.ts'
import type { Recipe, Words } from '../formats/recipes.ts'
import { Failure } from '../lib/errors.ts'
import { lstatOrNothing, readFound } from '../lib/files.ts'
import { escaped } from '../lib/names.ts'
import { policyFile } from '../lib/paths.ts'
import type { Secret } from '../lib/secret.ts'

const MAX_BYTES = 1_048_576

interface Named {
  name: string
  project: string
  value: Secret
}

/** Seconds that each program of a recipe may take, and how many there may be around one other. */
const STEP_SECONDS = 60
const MOST_STEPS = 16

/** What a program is given, the answers to its prompts, and what runs around it. */
export interface HandedOut {
  given: Given[]
  askpass: { user: string; value: Secret } | undefined
  steps: Steps
}

/**
 * `inject` as the recipes say; what was set up last is taken down first. Throws `failed` for a broken file, `usage` for
 * two secrets in one place.
 */
export async function handedOut(vault: string, inject: readonly Named[]): Promise<HandedOut> {
  const { parseRecipes, recipeFor } = await import('../formats/recipes.ts')
  const recipes = parseRecipes(read(join(dirname(policyFile(vault)), 'mcp-recipes.yaml')))
  const recipe = ({ project, name }: Named): Recipe | undefined => recipeFor(recipes, project, name)
  const asked = inject.filter((entry) => recipe(entry)?.as === 'askpass')
  if (asked.length > 1) throw new Failure('usage', 'two secrets of which each answers prompts cannot be given at once')
  const [one] = asked
  const user = one && recipe(one)?.user
  return {
    given: inject.filter((entry) => entry !== one).map((entry) => givenBy(entry, recipe(entry))),
    askpass: one && { user: user ?? '', value: one.value },
    steps: stepsOf(inject.flatMap((entry) => recipe(entry) ?? [])),
  }
}

function stepsOf(recipes: readonly Recipe[]): Steps {
  const step = (command: Words): Step => ({ command, timeoutSeconds: STEP_SECONDS })
  const setUp = recipes.flatMap((recipe) => recipe.setUp.map(step))
  const tearDown = recipes.toReversed().flatMap((recipe) => recipe.tearDown.map(step))
  if (setUp.length + tearDown.length <= MOST_STEPS) return { setUp, tearDown }
  throw new Failure('failed', `the recipes of these secrets have more than ${MOST_STEPS} programs together`, {
    hint: 'name fewer secrets',
  })
}

function givenBy({ name, value }: Named, recipe: Recipe | undefined): Given {
  const variable = recipe?.name ?? name
  if (recipe?.as === 'stdin') return { to: 'input', value }
  if (recipe?.as === 'file') return { to: 'file', name: variable, fileName: name, value }
  return { to: 'environment', name: variable, value }
}

function read(path: string): Uint8Array {
  if (!lstatOrNothing(path)) return new Uint8Array(0)
  const { bytes, uid, mode } = readFound(path, MAX_BYTES, { followLink: false })
  if (uid !== process.geteuid?.()) throw new Failure('failed', `${escaped(path)} belongs to somebody else`)
  if ((mode & 0o022) === 0) return bytes
  throw new Failure('failed', `${escaped(path)} can be changed by others`, { hint: `chmod 600 ${escaped(path)}` })
}
