// The part of a context that is about files and standard input: what is read is not trusted, and what is written is
// written whole, outside of the vault directory. A door: values go from here into files that were asked for.
import type { Ask, Context, Globals } from '../commands/context.ts'
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { checkOutside, fileFailure, makeParents, readSafely, writeAtomically } from '../lib/files.ts'
import { isTerminal } from '../lib/native.ts'
import type { Environment } from '../lib/paths.ts'
import { readToEnd } from '../lib/stdin.ts'
import { fromSources, fromTerminal } from './passphrase.ts'
import type { Taken } from './passphrase.ts'
import { startProgress } from './progress.ts'

export type FileMethods = Pick<
  Context,
  'readFile' | 'appendToJob' | 'writeFile' | 'foreign' | 'dotenvFiles' | 'directoryWish' | 'gitState' | 'stdin'
>

/** The directory of the vault may not be known yet, so it is asked for by each method that needs it. */
export function fileMethods(around: {
  environment: Environment
  taken: Taken
  globals: Globals
  ask: Ask
}): FileMethods {
  const { environment, taken, globals, ask } = around
  return {
    async readFile(path, { maxBytes, stdin = false }) {
      if (path !== '-') return readSafely(path, maxBytes)
      if (stdin) return readToEnd(0, maxBytes).reveal()
      throw new Failure('usage', 'standard input cannot be used here', { hint: 'for a file called -, write ./-' })
    },

    async appendToJob(content) {
      const path = environment['GITHUB_ENV']
      if (!path) {
        throw new Failure('usage', 'this is no job of GitHub Actions: GITHUB_ENV is not set', {
          hint: 'tvault env prints secrets for a shell',
        })
      }
      checkOutside(path, globals.directory)
      const { appendSafely } = await import('../lib/append.ts')
      appendSafely(path, content.reveal())
    },

    async writeFile(path, content, { overwrite, parents = false }) {
      const bytes = typeof content === 'string' ? utf8(content) : content.reveal()
      if (parents) makeParents(path)
      writeAtomically(path, bytes, { overwrite, outside: globals.directory })
    },

    async foreign(path, options) {
      const { readForeign } = await import('./foreign.ts')
      const surroundings = { environment, taken, directory: globals.directory }
      const variable = 'TVAULT_IMPORT_PASSPHRASE'
      return readForeign(path, options, {
        environment,
        stdin: (maxBytes) => readToEnd(0, maxBytes).reveal(),
        passphrase: async (question) =>
          ((await fromSources(surroundings, variable)) ?? (await fromTerminal(ask, question, variable))).secret,
        progress: startProgress('decrypting', isTerminal(2)),
      })
    },

    async dotenvFiles(directory) {
      const [{ readdirSync }, { isDotenvName }] = await Promise.all([
        import('node:fs'),
        import('../formats/dotenv-files.ts'),
      ])
      try {
        const entries = readdirSync(directory, { withFileTypes: true })
        return entries
          .filter((entry) => entry.isFile() && isDotenvName(entry.name))
          .map(({ name }) => name)
          .sort()
      } catch (error) {
        throw fileFailure(error, directory, 'read')
      }
    },

    async directoryWish(directory, act) {
      const { directoryWish } = await import('./directory-wish.ts')
      return directoryWish(globals.directory, directory, act)
    },

    async gitState(path) {
      const { trackingOf } = await import('../git/tracked.ts')
      return trackingOf(path, environment)
    },

    async stdin(maxBytes) {
      return readToEnd(0, maxBytes)
    },
  }
}
