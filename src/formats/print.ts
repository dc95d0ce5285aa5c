// The table of output formats: one line per format. A new format is a file beside this one and a line here.
import type { Secret } from '../lib/secret.ts'
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
}

type Print = (entries: readonly Printable[], options: PrintOptions) => Secret

/** All formats by the word for `--format`. Entries are printed in the order given; the caller wipes the result. */
export const FORMATS = {
  shell: printShell,
  dotenv: printDotenv,
  json: printJson,
  yaml: printYaml,
  'k8s-secret': printKubernetes,
  'pulumi-config': printPulumi,
} as const satisfies Record<string, Print>

export type Format = keyof typeof FORMATS
