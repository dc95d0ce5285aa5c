// What governs the agent itself, not the vault: unlock, lock, stop, tokens. For its owner alone.
import { secretsIn } from '../../lib/secret.ts'
import { Failure } from '../../lib/errors.ts'
import { EFFECTS } from '../../lib/gate.ts'
import type { Effect } from '../../lib/gate.ts'
import type { Broker, Grant, TokenWish } from './broker.ts'
import { ProtocolFault } from './frames.ts'

const CONTROLS = [
  ...(['unlock', 'lock', 'stop', 'token-new', 'token-list', 'token-revoke'] as const),
  ...(['approvals', 'approve', 'deny', 'forgive'] as const),
] as const
/** Those that anyone may use who governs the agent, also without a token where one is required. */
const GOVERNING = ['unlock', 'lock', 'stop']
const MAX_LABEL = 64
/** A token that is forgotten must not hold for ever. */
const MAX_TOKEN_SECONDS = 366 * 24 * 3600

export type Control = (typeof CONTROLS)[number]

export function isControl(op: string): op is Control {
  return (CONTROLS as readonly string[]).includes(op)
}

/** Does `op`; what it returns is the answer. Throws `denied` to anyone but the owner, ProtocolFault for bad arguments. */
export function control(broker: Broker, grant: Grant, op: Control, args: readonly unknown[]): unknown {
  const owns = grant.served && grant.asker.principal.kind === 'owner'
  if (GOVERNING.includes(op) ? !grant.governs : !owns) {
    throw new Failure('denied', 'only the owner may govern the agent', { hint: 'unset TVAULT_AGENT_TOKEN' })
  }
  const [first] = args
  switch (op) {
    case 'unlock': {
      const [passphrase] = secretsIn(args)
      if (!passphrase) throw new ProtocolFault('no passphrase')
      return broker.unlock(passphrase)
    }
    case 'lock':
      return broker.lock('asked')
    case 'stop':
      // The answer goes out before the agent does.
      setTimeout(() => broker.stop('asked'), 0)
      return {}
    case 'token-new':
      return broker.newToken(tokenWish(first))
    case 'token-revoke':
      return broker.revokeToken(String(first))
    case 'token-list':
      return broker.tokens()
    case 'approvals':
      return broker.guests.list()
    case 'deny':
      return broker.guests.deny(grant, String(first))
    case 'forgive':
      return broker.guests.forgive(grant, typeof first === 'string' ? first : undefined)
    case 'approve': {
      const [passphrase] = secretsIn(args)
      if (!passphrase) throw new ProtocolFault('no passphrase')
      return broker.guests.approve(grant, String(first), passphrase, approvalWish(args[2]))
    }
  }
}

export function isEffect(value: unknown): value is Effect {
  return (EFFECTS as readonly unknown[]).includes(value)
}

/** How far an approval goes. Throws ProtocolFault when it is none. */
function approvalWish(sent: unknown): { uses?: number; seconds?: number } {
  const { uses, seconds } = (sent ?? {}) as Record<string, unknown>
  const right = (value: unknown, most: number): boolean =>
    value === undefined || (Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= most)
  if (!right(uses, 1000) || !right(seconds, 86_400)) throw new ProtocolFault('no wish for an approval')
  return {
    ...(typeof uses === 'number' && { uses }),
    ...(typeof seconds === 'number' && { seconds }),
  }
}

/** The wish as it came over the wire. Throws ProtocolFault when it is none. */
function tokenWish(sent: unknown): TokenWish {
  const { label, scope, seconds, uses } = (sent ?? {}) as Record<string, unknown>
  const { project, keys, effects } = (scope ?? {}) as Record<string, unknown>
  const isList = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((item) => typeof item === 'string')
  const right =
    typeof label === 'string' &&
    label.length <= MAX_LABEL &&
    typeof seconds === 'number' &&
    seconds > 0 &&
    (uses === undefined || (Number.isSafeInteger(uses) && Number(uses) > 0)) &&
    (project === undefined || typeof project === 'string') &&
    (keys === undefined || isList(keys)) &&
    (effects === undefined || (isList(effects) && effects.every(isEffect)))
  if (!right) throw new ProtocolFault('no wish for a token')
  return {
    label,
    seconds: Math.min(seconds, MAX_TOKEN_SECONDS),
    uses: uses as number | undefined,
    scope: {
      ...(typeof project === 'string' && { project }),
      ...(isList(keys) && { keys }),
      ...(isList(effects) && { effects: effects.filter(isEffect) }),
    },
  }
}
