// The complete list of files that may open a Secret, each with its reason. A new door is a decision: it is added
// here, with a reason, and somebody reads the line.
import { linesWith } from './house.ts'
import type { House } from './house.ts'

export const REVEALERS: Readonly<Record<string, string>> = {
  'src/vault/boxes.ts': 'encrypts a value, and compares two in constant time',
  'src/vault/header.ts': 'derives the key from the passphrase',
  'src/context.ts': 'hands the bytes of stdin to a parser and writes files that were asked for',
  'src/context/passphrase.ts': 'copies a passphrase out of its source into a Secret of its own',
  'src/context/new-passphrase.ts': 'measures the strength of a new passphrase and compares it with its repetition',
  'src/guard/environment.ts': 'builds the environment of a child in the moment before it starts',
  'src/formats/dotenv-print.ts': 'prints dotenv text that was asked for',
  'src/formats/json.ts': 'prints JSON that was asked for',
  'src/formats/k8s-secret.ts': 'prints a Kubernetes manifest that was asked for',
  'src/formats/pulumi.ts': 'prints commands for Pulumi that were asked for',
  'src/formats/shell.ts': 'prints export lines that were asked for',
  'src/formats/yaml.ts': 'prints YAML that was asked for',
  'src/modes/cli/print.ts': 'prints the result of a command whose effect is reveal',
}

/** Files that open a Secret without being listed, and listed files that no longer do. */
export function doorFaults(house: House, doors: Readonly<Record<string, string>> = REVEALERS): string[] {
  const opened = [...house].filter(
    ([, text]) => linesWith(text, /\.\s*reveal\b|\[\s*['"`]reveal['"`]\s*\]|\{[^}]*\breveal\b[^}]*\}\s*=/).length > 0,
  )
  const unknown = opened
    .filter(([path]) => !(path in doors))
    .map(([path]) => `${path} opens a Secret and is not a door`)
  const unused = Object.keys(doors).filter(
    (path) => path !== 'src/lib/secret.ts' && !opened.some(([open]) => open === path),
  )
  return [...unknown, ...unused.map((path) => `${path} is listed as a door but opens nothing`)]
}
