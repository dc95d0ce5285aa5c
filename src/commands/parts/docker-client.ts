// How the docker commands start the docker client: values in its environment, names on its command line. A value
// never stands in an argument, where `ps` would show it.
import { Failure } from '../../lib/errors.ts'
import { Secret } from '../../lib/secret.ts'
import type { Choice } from './choose.ts'
import { choose } from './choose.ts'
import type { Context } from '../context.ts'

/** Names by which the client itself is steered: where its daemon is, which plugins and libraries it loads. */
const STEERING = /^(?:DOCKER_|BUILDKIT_|LD_)|^(?:PATH|HOME)$/

/** What the three commands say about their arguments. */
export const DOCKER_ARGUMENTS = {
  kind: 'rest',
  at: 0,
  placeholder: 'docker arguments',
  complete: 'file',
  about: 'What docker is told; put -- in front when it begins with a flag',
} as const

/**
 * Becomes `docker` with the chosen secrets in its environment. `words` makes its arguments from their names;
 * `fixed` are variables of ours, which win over a secret of the same name. Returns only by throwing.
 */
export async function becomeDocker(
  context: Context,
  choice: Choice,
  words: (names: readonly string[]) => readonly string[],
  fixed: Readonly<Record<string, string>> = {},
): Promise<never> {
  const entries = await choose(context, choice)
  try {
    const names = entries.map(({ key }) => key)
    const steering = names.filter((name) => STEERING.test(name) && !Object.hasOwn(fixed, name))
    if (steering.length > 0) context.note(`warning: the docker client itself obeys ${steering.join(', ')}`)
    const inject = [
      ...entries.filter(({ key }) => !Object.hasOwn(fixed, key)).map(({ key: name, value }) => ({ name, value })),
      ...Object.entries(fixed).map(([name, value]) => ({ name, value: Secret.fromText(value) })),
    ]
    return await context.become({ command: ['docker', ...words(names)], inject, clean: false })
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'command_not_found') throw error
    throw new Failure(error.kind, 'docker is not installed, or not in PATH', { hint: 'command -v docker' })
  } finally {
    for (const { value } of entries) value.wipe()
  }
}
