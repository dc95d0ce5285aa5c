// Two texts for a step of GitHub Actions. `github-env` is appended to $GITHUB_ENV: each value between two marks that
// cannot stand in it. `github-mask` is printed before: it makes the runner hide the values in its log.
import { CR, LF } from './blanks.ts'
import { checkText, refuse } from './carry.ts'
import type { Writer } from './writer.ts'

const PERCENT = 0x25

/** Names that the runner refuses or overwrites without a word. */
const RESERVED = /^(?:NODE_OPTIONS$|GITHUB_|RUNNER_)/

/** `NAME<<mark`, the value, the mark. Throws `failed` for what a runner would lose, and for names that it keeps for itself. */
export function writeGithubEnv(writer: Writer, key: string, value: Uint8Array): void {
  const reader = '$GITHUB_ENV'
  checkText(key, value, reader)
  if (RESERVED.test(key)) refuse(key, 'has a name that belongs to the runner', reader)
  // A runner on Windows counts it as a part of the line end.
  if (value.at(-1) === CR) refuse(key, 'ends with a carriage return', reader)
  const mark = `end_${crypto.randomUUID().replaceAll('-', '')}`
  writer.text(`${key}<<${mark}\n`).bytes(value).text(`\n${mark}\n`)
}

/** `::add-mask::` with the value, escaped as the runner reads it. Nothing for an empty value, which it does not take. */
export function writeGithubMask(writer: Writer, key: string, value: Uint8Array): void {
  checkText(key, value, 'the log of a runner')
  if (value.length === 0) return
  writer.text('::add-mask::')
  for (const byte of value) {
    if (byte === PERCENT) writer.text('%25')
    else if (byte === CR) writer.text('%0D')
    else if (byte === LF) writer.text('%0A')
    else writer.byte(byte)
  }
  writer.byte(LF)
}
