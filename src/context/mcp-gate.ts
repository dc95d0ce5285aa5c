// Where AI agents get at the vault: which rules hold for them, and the handles that keep to them. The agent process and a
// server without one have one each, so that there is a single way to decide. Rules come from the vault when the owner
// stored a policy there, else from the file beside it.
import { homedir } from 'node:os'
import { policyFor } from '../commands/policy.ts'
import { ownRules } from '../commands/policy-mcp.ts'
import type { readPolicy } from '../formats/policy.ts'
import type { Redactor } from '../guard/redact.ts'
import type { steeredBy } from '../guard/confined-environment.ts'
import { Failure } from '../lib/errors.ts'
import { placeName } from '../lib/gate.ts'
import type { Act, Asker, Effect, McpRules, Principal } from '../lib/gate.ts'
import { isKey } from '../lib/names.ts'
import type { Approvals } from '../modes/agent/approvals.ts'
import type { Confidential } from '../vault/confidential.ts'
import type { Vault } from '../vault/vault.ts'
import type { Names, SecretPlace, View } from '../vault/view.ts'
import { FollowedRules } from './mcp-policy.ts'
import { Redactions } from './mcp-redactions.ts'
import { mcpNames, mcpView } from './mcp-view.ts'
import { Permits, Reads } from './permits.ts'

/** Who asks and for what, as far as it is known before anything is done. */
export interface McpAsked {
  client: string
  version: string
  command: string
  effect: Effect
  act: Act
  /** For every row of the audit log. */
  via: Readonly<Record<string, string | number>>
}

const MOST_CLIENTS = 1000
const LONGEST_RULE = 200

export class McpGate {
  readonly redactions = new Redactions()
  readonly #files: FollowedRules
  readonly #read: typeof readPolicy
  readonly #steers: typeof steeredBy
  readonly #approvals: Approvals | undefined
  /** What was told under a policy that counts by session, by client. */
  readonly #reads = new Map<string, Reads>()
  #seen = ''
  #own: McpRules | undefined
  #tier2: ReadonlySet<string> = new Set()
  #last: { rules: McpRules; made: McpRules } | undefined
  /** The text of `#own`: the same text is the same rules, whoever looks. */
  #text = ''

  /** `approvals`: absent where nobody can be asked. */
  static async load(directory: string, approvals?: Approvals): Promise<McpGate> {
    const [files, { readPolicy: read }, { steeredBy: steers }] = await Promise.all([
      FollowedRules.load(directory),
      import('../formats/policy.ts'),
      import('../guard/confined-environment.ts'),
    ])
    return new McpGate(files, read, steers, approvals)
  }

  private constructor(
    files: FollowedRules,
    read: typeof readPolicy,
    steers: typeof steeredBy,
    approvals: Approvals | undefined,
  ) {
    this.#files = files
    this.#read = read
    this.#steers = steers
    this.#approvals = approvals
  }

  /**
   * The rules of now. Those of a vault that is locked are not checked, and good for names only. Throws `failed` for a
   * policy that is broken, `corrupt` for one that somebody else changed.
   */
  rules(vault: Vault): McpRules {
    const state = `${vault.unlocked} ${vault.policyBytes()}`
    if (state !== this.#seen) {
      this.#seen = ''
      this.#own = this.#stored(vault)
      const names = vault.tiers().map(({ project, key }) => placeName(project, key))
      if (names.join() !== [...this.#tier2].join()) this.#tier2 = new Set(names)
      this.#seen = state
    }
    return this.#tiered(this.#own ?? this.#files.now())
  }

  /** The same rules are the same object as long as the tiers are the same. */
  #tiered(rules: McpRules): McpRules {
    const tier2 = this.#tier2
    if (tier2.size === 0) return rules
    if (this.#last?.rules !== rules || this.#last.made.tier2 !== tier2)
      this.#last = { rules, made: { ...rules, tier2 } }
    return this.#last.made
  }

  /** The rules of the file beside the vault, whether or not it counts. Throws `failed` when it is broken. */
  checkFile(): McpRules {
    return this.#files.now()
  }

  /** Who asks, with the rules of now. Throws what `rules` throws. */
  asker(vault: Vault, { client, version, command, effect, act, via }: McpAsked): Asker {
    const principal: Principal = { kind: 'mcp', client, version, rules: this.rules(vault) }
    return { principal, command, effect, policy: policyFor(principal), act, via }
  }

  /** Has somebody who asked before judged by the rules of now. */
  renew(vault: Vault, { principal }: Asker): void {
    if (principal.kind === 'mcp') principal.rules = this.rules(vault)
  }

  names(vault: Vault, asker: Asker): Names {
    return mcpNames(vault.names(asker), asker)
  }

  /** `process`: who asks, by id and start time. Throws `locked`. */
  view(vault: Vault, asker: Asker, process: string): View {
    const permits = new Permits({
      asker,
      process,
      reads: this.#readsOf(asker.principal),
      spending: (charges, act) => vault.spending(charges, act),
      approvals: this.#approvals,
    })
    const keyed = vault.view(asker)
    const view = mcpView(keyed, keyed, asker, { permits, steers: this.#steers })
    return recorded(view, ({ message, code = '' }, target) =>
      vault.refused(asker, { rule: message.slice(0, LONGEST_RULE), ...(code !== '' && { code }) }, target),
    )
  }

  /** Takes the values of `found`, which are all of `projects`, out of a stream; for the caller to end. */
  redactor({ principal }: Asker, projects: readonly string[], found: Confidential): Promise<Redactor> {
    // What one client may know the names of is not what another one may.
    const whose = JSON.stringify([principal.kind === 'mcp' ? principal.client : '', projects])
    return this.redactions.stream(whose, found)
  }

  /** Counting by session begins anew. */
  forget(): void {
    this.#reads.clear()
  }

  #stored(vault: Vault): McpRules | undefined {
    const stored = vault.policy()
    if (!stored || stored.row.text === '') return undefined
    const { revision, text } = stored.row
    const whole = `${revision} ${text}`
    if (this.#own && this.#text === whole) return this.#own
    this.#text = ''
    const rules = ownRules(this.#read(text, { revision, home: homedir() }))
    this.#text = whole
    return rules
  }

  #readsOf(principal: Principal): Reads {
    const client = principal.kind === 'mcp' ? principal.client : ''
    let reads = this.#reads.get(client)
    if (!reads) {
      // With so many names at once it is one client that changes its name.
      const name = this.#reads.size >= MOST_CLIENTS ? '' : client
      reads = this.#reads.get(name) ?? new Reads()
      this.#reads.set(name, reads)
    }
    return reads
  }
}

/** `view`, of which each refusal is told to `note`; what is answered as missing was written down by who answered so. */
function recorded(view: View, note: (failure: Failure, target: Partial<SecretPlace>) => void): View {
  const told = (error: unknown, name: string, args: readonly unknown[]): unknown => {
    if (error instanceof Failure && error.kind === 'denied') quietly(() => note(error, targetOf(name, args)))
    return error
  }
  const methods = Object.entries(view).map(([name, method]) => {
    const act = method as (...args: readonly unknown[]) => unknown
    const recording = (...args: readonly unknown[]): unknown => {
      try {
        const result = act(...args)
        return result instanceof Promise
          ? result.catch((error: unknown) => Promise.reject(told(error, name, args)))
          : result
      } catch (error) {
        throw told(error, name, args)
      }
    }
    return [name, recording]
  })
  return Object.fromEntries(methods) as View
}

/** Methods that begin with the name of a group, which is no project. */
const OF_GROUPS: readonly string[] = [
  'group',
  'keySources',
  'addEnvironment',
  'removeEnvironment',
  'deleteGroup',
  'setBase',
  'resolve',
  'differences',
  'promotionPlan',
  'promote',
  'pin',
  'unpin',
] satisfies (keyof View)[]

/** What a call was about, so that the row is seen only by who may know those names. */
function targetOf(name: string, [project, key]: readonly unknown[]): Partial<SecretPlace> {
  if (typeof project !== 'string' || OF_GROUPS.includes(name)) return {}
  return { project, ...(typeof key === 'string' && isKey(key) && { key }) }
}

/** A refusal stands even when it cannot be written down. */
function quietly(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}
