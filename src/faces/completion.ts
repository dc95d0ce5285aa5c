// Completion scripts for the shells. Each is one engine with tables from the descriptions; keys and projects are asked
// of `tvault list` and `tvault projects list`, which need no passphrase.
import { bash } from './completion/bash.ts'
import { fish } from './completion/fish.ts'
import { zsh } from './completion/zsh.ts'
import type { Description } from './description.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** The completion script of `shell` for these commands. */
export function completion(shell: Shell, descriptions: readonly Description[]): string {
  return { bash, zsh, fish }[shell](descriptions)
}
