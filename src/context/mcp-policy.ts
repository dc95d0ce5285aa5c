// The rules for AI agents, from the file beside the vault, as new as the file. A file that is broken, foreign or
// writable by others allows nothing at all: it fails, and does not count as absent.
import { METADATA_ONLY, checkRules } from '../commands/policy-mcp.ts'
import { Failure, toFailure } from '../lib/errors.ts'
import { lstatOrNothing, readFound } from '../lib/files.ts'
import type { parseMcpPolicy } from '../formats/mcp-policy.ts'
import type { McpRules } from '../lib/gate.ts'
import { escaped } from '../lib/names.ts'
import { policyFile } from '../lib/paths.ts'

const MAX_BYTES = 1_048_576

type Parse = typeof parseMcpPolicy

/** The rules of the vault directory; without a file those that show names only. Throws `failed`. */
export async function readRules(directory: string): Promise<McpRules> {
  const { parseMcpPolicy: parse } = await import('../formats/mcp-policy.ts')
  return rulesOf(directory, parse)
}

function rulesOf(directory: string, parse: Parse): McpRules {
  const path = policyFile(directory)
  // A link that leads nowhere is a file that cannot be read, not an absent one.
  if (!lstatOrNothing(path)) return METADATA_ONLY
  const { bytes, uid, mode } = readFound(path, MAX_BYTES, { followLink: false })
  if (uid !== process.geteuid?.()) throw new Failure('failed', `${escaped(path)} belongs to somebody else`)
  if ((mode & 0o022) !== 0) {
    throw new Failure('failed', `${escaped(path)} can be changed by others`, { hint: `chmod 600 ${escaped(path)}` })
  }
  try {
    return checkRules(parse(bytes, 'mcp-policy.yaml'))
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

  readonly #parse: Parse

  static async load(directory: string): Promise<FollowedRules> {
    return new FollowedRules(directory, (await import('../formats/mcp-policy.ts')).parseMcpPolicy)
  }

  private constructor(directory: string, parse: Parse) {
    this.#directory = directory
    this.#parse = parse
  }

  /** The rules of now. Throws `failed`, and again until it is mended. */
  now(): McpRules {
    const stats = lstatOrNothing(policyFile(this.#directory))
    const state = stats ? [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs, stats.mode].join() : 'none'
    if (state === this.#seen) return this.#rules
    this.#seen = undefined
    this.#rules = rulesOf(this.#directory, this.#parse)
    this.#seen = state
    return this.#rules
  }
}
