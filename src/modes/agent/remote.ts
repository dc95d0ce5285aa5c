// The vault behind the agent, with the same methods as the vault itself: each is one question over the socket. Commands
// do not notice which one they got.
import type { FailureKind } from '../../lib/errors.ts'
import type { View } from '../../vault/view.ts'
import type { AgentClient } from './client.ts'
import { isLater, isMethod } from './methods.ts'

/** The vault that `client` has a session for. Callbacks do not travel: progress is shown by nobody. */
export function remoteView(client: AgentClient): View {
  const call = (method: string, args: readonly unknown[]): unknown =>
    client.call(
      method,
      args.map((argument) => (typeof argument === 'function' ? undefined : argument)),
    )
  const methods = new Map<string, (...args: readonly unknown[]) => unknown>()
  return new Proxy({} as View, {
    get(_, name): unknown {
      if (name === 'settle') return (result: 'ok' | FailureKind) => client.tell({ op: 'settle', result })
      if (typeof name !== 'string' || !isMethod(name)) return undefined
      let method = methods.get(name)
      if (!method) {
        method = isLater(name) ? async (...args) => call(name, args) : (...args) => call(name, args)
        methods.set(name, method)
      }
      return method
    },
  })
}
