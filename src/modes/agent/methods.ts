// The methods of a vault that may be called over the wire: all of View and nothing else. The type makes sure that a new
// method is decided on here. `names` need no key and are answered by a locked agent too; `later` return a promise.
import type { Names, View } from '../../vault/view.ts'

type Kind = { key: boolean; later: boolean }

const NAMES: Kind = { key: false, later: false }
const KEYED: Kind = { key: true, later: false }

const METHODS: Record<keyof Names, Kind> & Record<Exclude<keyof View, keyof Names>, Kind> = {
  summary: NAMES,
  currentProject: NAMES,
  projects: NAMES,
  list: NAMES,
  history: NAMES,
  search: NAMES,
  audit: NAMES,
  recipients: NAMES,
  groups: NAMES,
  group: NAMES,
  keySources: NAMES,
  useProject: NAMES,
  backup: { key: false, later: true },
  read: KEYED,
  readMany: KEYED,
  write: KEYED,
  writeMany: KEYED,
  compareMany: KEYED,
  rollback: KEYED,
  delete: { key: true, later: true },
  copy: KEYED,
  move: { key: true, later: true },
  createProject: KEYED,
  deleteProject: { key: true, later: true },
  share: KEYED,
  unshare: { key: true, later: true },
  createGroup: KEYED,
  addEnvironment: KEYED,
  removeEnvironment: KEYED,
  deleteGroup: KEYED,
  setBase: KEYED,
  resolve: KEYED,
  differences: KEYED,
  promotionPlan: KEYED,
  promote: KEYED,
  pin: KEYED,
  unpin: { key: true, later: true },
  rotate: { key: true, later: true },
  verifyAudit: KEYED,
  verifyAll: KEYED,
  fileKey: KEYED,
  settle: KEYED,
}

export type Method = keyof typeof METHODS

export function isMethod(name: string): name is Method {
  return name !== 'settle' && Object.hasOwn(METHODS, name)
}

export function methodNeedsKey(method: Method): boolean {
  return METHODS[method].key
}

export function isLater(method: Method): boolean {
  return METHODS[method].later
}
