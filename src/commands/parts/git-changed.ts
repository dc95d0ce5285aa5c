// How the commands for git tell what they did to files. Paths are escaped already.

import { listed } from '../../faces/table.ts'

interface Told {
  opened: { done: readonly string[]; left: readonly { path: string; reason: string }[] }
  resealed: readonly string[]
}

/** Lines about files that were opened, sealed anew, and left alone. */
export function changedLines({ opened, resealed }: Told): string[] {
  const lines: string[] = []
  if (opened.done.length > 0) lines.push(`Decrypted: ${opened.done.length} tracked file(s) into the working tree`)
  if (resealed.length > 0) {
    lines.push(`Encrypted anew for the present recipients: ${resealed.length} file(s), staged for the next commit`)
    lines.push(...listed(resealed))
  }
  return [...lines, ...leftLines(opened.left)]
}

/** Lines about files that were not touched, with the reason. */
export function leftLines(left: Told['opened']['left']): string[] {
  if (left.length === 0) return []
  return [`Left as they are: ${left.length} file(s)`, ...listed(left.map(({ path, reason }) => `${path}: ${reason}`))]
}
