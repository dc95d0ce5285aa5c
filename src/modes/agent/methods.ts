// The methods of a vault that may be called over the wire: all of View and nothing else. The type makes sure that a new
// method is decided on here: whether it needs the key, how it gets at the vault, and whether a token may call it at
// all. What governs the vault as a whole, or reaches beyond one project, is not for tokens, whatever effect they have.
import type { Names, View } from '../../vault/view.ts'

/**
 * `look` commits nothing. `together` may share its commit with others. `alone` replaces the file and returns a promise.
 * `apart` returns a promise and disturbs nobody.
 */
export type Manner = 'look' | 'together' | 'alone' | 'apart'

interface Kind {
  key: boolean
  manner: Manner
  token: boolean
}

const owner = (manner: Manner, key = true): Kind => ({ key, manner, token: false })
const anyone = (manner: Manner, key = true): Kind => ({ key, manner, token: true })

const METHODS: Record<keyof Names, Kind> & Record<Exclude<keyof View, keyof Names | 'settle'>, Kind> = {
  summary: owner('look', false),
  currentProject: anyone('look', false),
  projects: anyone('look', false),
  list: anyone('look', false),
  history: anyone('look', false),
  search: anyone('look', false),
  audit: owner('look', false),
  recipients: owner('look', false),
  groups: owner('look', false),
  group: owner('look', false),
  keySources: owner('look', false),
  useProject: owner('together', false),
  backup: owner('apart', false),
  read: anyone('together'),
  readMany: anyone('together'),
  write: anyone('together'),
  writeMany: anyone('together'),
  compareMany: anyone('together'),
  rollback: anyone('together'),
  delete: owner('alone'),
  copy: owner('together'),
  move: owner('alone'),
  createProject: owner('together'),
  deleteProject: owner('alone'),
  share: owner('together'),
  unshare: owner('alone'),
  createGroup: owner('together'),
  addEnvironment: owner('together'),
  removeEnvironment: owner('together'),
  deleteGroup: owner('together'),
  setBase: owner('together'),
  resolve: owner('together'),
  differences: owner('together'),
  promotionPlan: owner('together'),
  promote: owner('together'),
  pin: owner('together'),
  unpin: owner('alone'),
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

export function isForTokens(method: Method): boolean {
  return METHODS[method].token
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
