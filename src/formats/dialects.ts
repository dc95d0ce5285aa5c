// The readers of dotenv-like text, one row each. They agree on `NAME=value` and on little else, so a file for one of
// them is written in its own dialect, and a value that it cannot take is refused (W15). A door: values become text.
import type { Secret } from '../lib/secret.ts'
import { writeCompose } from './compose-env.ts'
import { writeDocker } from './docker-env.ts'
import { writeFish } from './fish.ts'
import { writeGithubEnv, writeGithubMask } from './github-env.ts'
import { writeNode } from './node-env.ts'
import { quoteForShell } from './shell.ts'
import { writeSystemd } from './systemd-env.ts'
import { Writer, type Printable } from './writer.ts'

/** Appends one secret. Throws `failed`, naming the key, when the reader would not get exactly this value. */
type Write = (writer: Writer, key: string, value: Uint8Array) => void

/** All dialects by the word for `--dialect`. */
export const DIALECTS = {
  posix: writePosix,
  docker: writeDocker,
  compose: writeCompose,
  node: writeNode,
  systemd: writeSystemd,
  'github-env': writeGithubEnv,
  'github-mask': writeGithubMask,
  fish: writeFish,
} as const satisfies Record<string, Write>

export type Dialect = keyof typeof DIALECTS

/** The entries in the order given, as a Secret of the caller. Throws `failed` for a value that the dialect cannot hold. */
export function printDialect(entries: readonly Printable[], dialect: Dialect): Secret {
  const writer = new Writer()
  try {
    for (const { key, value } of entries) DIALECTS[dialect](writer, key, value.reveal())
    return writer.finish()
  } catch (error) {
    writer.finish().wipe()
    throw error
  }
}

/** An assignment for a shell that sources the file. */
function writePosix(writer: Writer, key: string, value: Uint8Array): void {
  writer.text(`${key}=`)
  quoteForShell(writer, key, value)
  writer.text('\n')
}
