// The methods of a vault that may be called over the wire: all of View and nothing else. The type makes sure that a new
// method is decided on here: whether it needs the key, how it gets at the vault, and whether a token may call it at
// all. What governs the vault as a whole, or reaches beyond one project, is not for tokens, whatever effect they have.
import { Failure } from '../../lib/errors.ts'
import type { Names, View } from '../../vault/view.ts'
import type { Grant } from './broker.ts'

/**
 * `look` commits nothing. `together` may share its commit with others. `alone` replaces the file and returns a promise.
 * `apart` returns a promise and disturbs nobody.
 */
export type Manner = 'look' | 'together' | 'alone' | 'apart'

interface Kind {
  key: boolean
  manner: Manner
  token: boolean
  /** For AI agents: what the view made for them (context/mcp-view.ts) may do at all. */
  guest: boolean
}

const owner = (manner: Manner, key = true): Kind => ({ key, manner, token: false, guest: false })
const guest = (manner: Manner, key = true): Kind => ({ key, manner, token: false, guest: true })
const anyone = (manner: Manner, key = true): Kind => ({ key, manner, token: true, guest: true })

const METHODS: Record<keyof Names, Kind> & Record<Exclude<keyof View, keyof Names | 'settle'>, Kind> = {
  summary: guest('look', false),
  currentProject: anyone('look', false),
  projects: anyone('look', false),
  list: anyone('look', false),
  history: anyone('look', false),
  search: anyone('look', false),
  audit: guest('look', false),
  recipients: guest('look', false),
  groups: guest('look', false),
  group: guest('look', false),
  keySources: guest('look', false),
  useProject: owner('together', false),
  backup: owner('apart', false),
  read: anyone('together'),
  readMany: anyone('together'),
  write: anyone('together'),
  writeMany: anyone('together'),
  compareMany: anyone('together'),
  rollback: anyone('together'),
  delete: guest('alone'),
  copy: owner('together'),
  move: owner('alone'),
  createProject: guest('together'),
  deleteProject: guest('alone'),
  share: owner('together'),
  unshare: owner('alone'),
  createGroup: guest('together'),
  addEnvironment: guest('together'),
  removeEnvironment: guest('together'),
  deleteGroup: guest('together'),
  setBase: guest('together'),
  resolve: guest('together'),
  differences: guest('together'),
  promotionPlan: guest('together'),
  promote: guest('together'),
  pin: guest('together'),
  unpin: guest('alone'),
  policy: owner('look', false),
  setPolicy: owner('together'),
  tiers: owner('look', false),
  raiseTier: owner('together'),
  lowerTier: owner('together'),
  clearTiers: owner('together'),
  rotate: owner('alone'),
  verifyAudit: owner('look'),
  verifyAll: owner('look'),
  fileKey: owner('together'),
}

export type Method = keyof typeof METHODS

export function isMethod(name: string): name is Method {
  return Object.hasOwn(METHODS, name)
}

/** Whether it is only answered by an unlocked vault. */
export function methodNeedsKey(method: Method): boolean {
  return METHODS[method].key
}

export function mannerOf(method: Method): Manner {
  return METHODS[method].manner
}

/** Whether the method returns a promise. */
export function isLater(method: Method): boolean {
  return METHODS[method].manner === 'alone' || METHODS[method].manner === 'apart'
}

/**
 * Whether it is the owner who asks. Throws `denied` when `method` is not for who asks, whatever the effect.
 */
export function demandMethod({ asker: { principal }, limited }: Grant, method: Method): boolean {
  const { token, guest: isForGuests } = METHODS[method]
  if (principal.kind === 'mcp' && !isForGuests) throw new Failure('denied', 'an AI agent cannot do this')
  if ((principal.kind === 'token' || limited) && !token) {
    throw new Failure('denied', 'no token may do this', { hint: 'run the command as the owner' })
  }
  if (principal.kind !== 'owner') return false
  // An AI agent that runs programs of its own could otherwise give itself other rules.
  if (method === 'setPolicy') {
    throw new Failure('denied', 'the policy for AI agents is changed with the passphrase, never through the agent')
  }
  if (method === 'lowerTier' || method === 'clearTiers') {
    throw new Failure('denied', 'a secret leaves tier 2 with the passphrase, never through the agent')
  }
  return true
}

/** Methods that change nothing but the audit log: who got no answer may ask again by another way. */
const REPEATABLE: ReadonlySet<Method> = new Set([
  'summary',
  'currentProject',
  'projects',
  'list',
  'history',
  'search',
  'audit',
  'recipients',
  'groups',
  'group',
  'keySources',
  'policy',
  'tiers',
  'read',
  'readMany',
  'compareMany',
  'resolve',
  'differences',
  'promotionPlan',
  'verifyAudit',
  'fileKey',
] satisfies Method[])

export function isRepeatable(method: Method): boolean {
  return REPEATABLE.has(method)
}
