// What can be done to a vault, and how each act is asked of the policy and named in the audit log. The action names
// are those of TinyVault, so that existing filters go on working.
import type { Effect } from '../lib/gate.ts'

export interface Operation {
  action: string
  /** The policy is asked with the effect of the command when it is one of these, else with the first. */
  effects: readonly [Effect, ...Effect[]]
}

const DISCLOSE = ['reveal', 'inject', 'write-file', 'seal', 'share'] as const

export const OPERATIONS = {
  enter: { action: 'command.run', effects: ['none'] },
  list: { action: 'secret.list', effects: ['list'] },
  read: { action: 'secret.read', effects: DISCLOSE },
  compare: { action: 'secret.read', effects: ['compare', ...DISCLOSE] },
  redact: { action: 'secret.redact', effects: ['list'] },
  write: { action: 'secret.write', effects: ['write'] },
  rollback: { action: 'secret.rollback', effects: ['write'] },
  delete: { action: 'secret.delete', effects: ['destroy'] },
  copy: { action: 'secret.copy', effects: ['write'] },
  move: { action: 'secret.move', effects: ['destroy'] },
  createProject: { action: 'project.create', effects: ['write', 'admin'] },
  deleteProject: { action: 'project.delete', effects: ['destroy'] },
  share: { action: 'project.share', effects: ['share'] },
  unshare: { action: 'project.unshare', effects: ['share'] },
  createGroup: { action: 'env.group.create', effects: ['write', 'admin'] },
  addEnvironment: { action: 'env.group.add', effects: ['write'] },
  removeEnvironment: { action: 'env.group.remove', effects: ['write', 'destroy'] },
  deleteGroup: { action: 'env.group.delete', effects: ['destroy'] },
  inherit: { action: 'env.inherit', effects: ['write'] },
  pin: { action: 'secret.pin', effects: ['write'] },
  unpin: { action: 'secret.unpin', effects: ['destroy'] },
  promote: { action: 'secret.promote', effects: ['write'] },
  useProject: { action: 'project.use', effects: ['write', 'list', 'none', 'admin'] },
  approve: { action: 'approval.decide', effects: ['admin'] },
  setPolicy: { action: 'policy.set', effects: ['admin'] },
  tier: { action: 'secret.tier', effects: ['admin'] },
  showPolicy: { action: 'policy.show', effects: ['admin'] },
  rotate: { action: 'key.rotate', effects: ['admin'] },
  fileKey: { action: 'file.key', effects: ['seal', 'reveal', 'write-file'] },
  backup: { action: 'vault.backup', effects: ['admin', 'write-file', 'list', 'none'] },
  verify: { action: 'vault.verify', effects: ['list', 'none', 'admin'] },
} as const satisfies Record<string, Operation>

/** Commands whose writes have an action of their own. */
const WRITES = new Map([
  ['generate', 'secret.generate'],
  ['import', 'env.import'],
  ['sync', 'env.sync'],
])

/** Commands whose reads have one: what they read is disclosed to others. */
const READS = new Map([
  ['seal', 'secret.seal'],
  ['env seal', 'env.seal'],
  ['mcp exec', 'secret.exec'],
])

/** The action of an operation, as the audit log names it for `command`. */
export function actionOf(operation: Operation, command: string): string {
  if (operation === OPERATIONS.read) return READS.get(command) ?? operation.action
  return operation === OPERATIONS.write ? (WRITES.get(command) ?? operation.action) : operation.action
}

/** The effect the policy is asked about: a command that declared less than it does is judged by what it does. */
export function effectOf(operation: Operation, declared: Effect): Effect {
  return operation.effects.includes(declared) ? declared : operation.effects[0]
}
