// What an AI agent gets: the result of a call as plain data. A Secret in it is opened only when the command's effect is
// `reveal`, which the policy has allowed and the audit log has written down by then.
import type { Effect } from '../../lib/gate.ts'
import { FAILURES } from '../../lib/errors.ts'
import type { Failure } from '../../lib/errors.ts'
import { plainOf } from '../../lib/plain.ts'

/** What `tools/call` answers. */
export interface CallResult {
  [key: string]: unknown
  content: { type: 'text'; text: string }[]
  structuredContent?: Record<string, unknown>
  isError?: true
}

/** A result as JSON can say it. Bytes that are no text become base64, and the object says `encoding: "base64"`. */
export function toPlain(data: object, effect: Effect): Record<string, unknown> {
  return plainOf(data, effect === 'reveal') as Record<string, unknown>
}

export function success(data: Record<string, unknown>): CallResult {
  return { content: [{ type: 'text', text: JSON.stringify(data) }], structuredContent: data }
}

/** A failure inside a tool: what is, and what to do next, for a reader that is a program. */
export function failed(failure: Failure): CallResult {
  const { kind, message, hint, code, about } = failure.toJSON()
  const which = { ...(code !== undefined && { reason: code }), ...about }
  const error = { kind, code: FAILURES[kind].exit, message, ...(hint !== undefined && { hint }), ...which }
  return { isError: true, content: [{ type: 'text', text: JSON.stringify({ error }) }] }
}
