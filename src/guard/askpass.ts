// Answers the prompts of a program that asks for a password by starting another program: git, ssh and what does as they
// do. A door: the value is written into a private file. The rule: a question for a user name gets the name, one for a password or passphrase the value, and every other
// question, such as whether a host may be trusted, gets no answer.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Secret } from '../lib/secret.ts'
import type { PrivateRoom } from './private-room.ts'

/** Variables by which programs learn whom to ask, and that nobody sits at a terminal. */
const ASKING = ['GIT_ASKPASS', 'SSH_ASKPASS', 'SUDO_ASKPASS'] as const

/**
 * Puts the value (a copy is written; the caller wipes) and the answering script into the room; returns the variables.
 * `user` holds no quote.
 */
export function answering(room: PrivateRoom, { user, value }: { user: string; value: Secret }): Record<string, string> {
  const file = room.put('askpass-value', value.reveal())
  // Where files are given there may be no programs, so the script lies among the temporary files.
  const script = join(room.temporary, 'askpass')
  writeFileSync(script, scriptOf(user, file), { flag: 'wx', mode: 0o700 })
  chmodSync(script, 0o700)
  return {
    ...Object.fromEntries(ASKING.map((name) => [name, script])),
    SSH_ASKPASS_REQUIRE: 'force',
    GIT_TERMINAL_PROMPT: '0',
  }
}

function scriptOf(user: string, file: string): string {
  return `#!/bin/sh
case "$1" in
  [Uu]sername*) printf '%s\\n' '${user}' ;;
  *[Pp]assword*|*[Pp]assphrase*) cat '${file}' && echo ;;
  *) exit 1 ;;
esac
`
}
