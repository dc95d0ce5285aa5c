// The rules for AI agents, from the file beside the vault, as new as the file. A file that is broken, foreign or
// writable by others allows nothing at all: it fails, and does not count as absent.
import { METADATA_ONLY, checkRules } from '../commands/policy-mcp.ts'
import { Failure, toFailure } from '../lib/errors.ts'
import { lstatOrNothing, readFound } from '../lib/files.ts'
import type { McpRules } from '../lib/gate.ts'
import { escaped } from '../lib/names.ts'
import { policyFile } from '../lib/paths.ts'

const MAX_BYTES = 1_048_576

/** The rules of the vault directory; without a file those that show names only. Throws `failed`. */
export async function readRules(directory: string): Promise<McpRules> {
  const path = policyFile(directory)
  // A link that leads nowhere is a file that cannot be read, not an absent one.
  if (!lstatOrNothing(path)) return METADATA_ONLY
  const { bytes, uid, mode } = readFound(path, MAX_BYTES, { followLink: false })
  if (uid !== process.geteuid?.()) throw new Failure('failed', `${escaped(path)} belongs to somebody else`)
  if ((mode & 0o022) !== 0) {
    throw new Failure('failed', `${escaped(path)} can be changed by others`, { hint: `chmod 600 ${escaped(path)}` })
  }
  const { parseMcpPolicy } = await import('../formats/mcp-policy.ts')
  try {
    return checkRules(parseMcpPolicy(bytes, 'mcp-policy.yaml'))
  } catch (error) {
    const { message, hint } = toFailure(error)
    throw new Failure('failed', `${escaped(path)}: ${message}`, { ...(hint !== undefined && { hint }) })
  }
}

/** Rules that follow their file while a server runs. */
export class FollowedRules {
  readonly #directory: string
  #seen: string | undefined
  #rules: McpRules = METADATA_ONLY

  constructor(directory: string) {
    this.#directory = directory
  }

  /** The rules of now, and whether they are others than at the last call. Throws `failed`, and again until it is mended. */
  async now(): Promise<{ rules: McpRules; changed: boolean }> {
    const stats = lstatOrNothing(policyFile(this.#directory))
    const state = stats ? [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs, stats.mode].join() : 'none'
    if (state === this.#seen) return { rules: this.#rules, changed: false }
    const known = this.#seen !== undefined
    this.#seen = undefined
    this.#rules = await readRules(this.#directory)
    this.#seen = state
    return { rules: this.#rules, changed: known }
  }
}
