// Variables of an environment whose value refers to the vault, as lines that can be filled in.
import { referencesIn } from '../../formats/reference.ts'
import { checkKey } from '../../lib/names.ts'
import { Secret } from '../../lib/secret.ts'
import type { EnvFile } from './env-file.ts'

/** The bare form of a reference, alone in a value. */
const BARE = /^tvault:\/\/[^\s{}]+$/

/** `variables` as an env file. Throws `failed` for a malformed reference, `usage` for a name that no variable has. */
export function withReferences(variables: readonly { name: string; value: string }[]): EnvFile {
  const lines = variables.map(({ name, value }) => {
    const key = checkKey(name)
    const words = Secret.fromText(BARE.test(value) ? `\${${value}}` : value)
    const where = `interpolate ${key}`
    return { key, value: words, where, references: referencesIn(words, where) }
  })
  return {
    lines,
    wipe() {
      for (const { value } of lines) value.wipe()
    },
  }
}
