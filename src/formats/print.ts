// The table of output formats: one line per format. A new format is a file beside this one and a line here.
import { Failure } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import { DIALECTS, printDialect, type Dialect } from './dialects.ts'
import { printDotenv } from './dotenv-print.ts'
import { printJson } from './json.ts'
import { printKubernetes } from './k8s-secret.ts'
import { printPulumi } from './pulumi.ts'
import { printShell } from './shell.ts'
import type { Printable } from './writer.ts'
import { printYaml } from './yaml.ts'

/** What some formats need to know. */
export interface PrintOptions {
  /** shell: `export ` in front of every line. */
  exported: boolean
  /** k8s-secret: name of the object, required there. */
  name: string | undefined
  /** k8s-secret. */
  namespace: string
  /** pulumi-config. */
  stack: string | undefined
  /** dotenv: the reader that the text is for; without one it is the form that our own parser and most others read. */
  dialect?: Dialect | undefined
}

type Print = (entries: readonly Printable[], options: PrintOptions) => Secret

/** All formats by the word for `--format`. Entries are printed in the order given; the caller wipes the result. */
export const FORMATS = {
  shell: printShell,
  dotenv: (entries, { dialect }) => (dialect === undefined ? printDotenv(entries) : printDialect(entries, dialect)),
  json: printJson,
  yaml: printYaml,
  'k8s-secret': printKubernetes,
  'pulumi-config': printPulumi,
  fish: (entries) => printDialect(entries, 'fish'),
} as const satisfies Record<string, Print>

export type Format = keyof typeof FORMATS

/** The format that is meant. A dialect is one of dotenv; throws a usage failure beside another format. */
export function formatOf<F extends Format>(
  input: { format?: F | undefined; dialect?: Dialect | undefined },
  fallback: F,
): F | 'dotenv' {
  const { format, dialect } = input
  if (dialect === undefined) return format ?? fallback
  if (format === undefined || format === 'dotenv') return 'dotenv'
  throw new Failure('usage', `--dialect belongs to --format dotenv, not to ${format}`, { hint: 'leave --format out' })
}

/** The words for `--dialect`. */
export const DIALECT_CHOICES = Object.keys(DIALECTS) as readonly Dialect[]
