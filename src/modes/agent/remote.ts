// The vault behind the agent, with the same methods as the vault itself: each is one question over the socket. Commands
// do not notice which one they got.
import { resolve } from 'node:path'
import type { FailureKind } from '../../lib/errors.ts'
import type { View } from '../../vault/view.ts'
import { READ_SILENCE_MILLISECONDS } from './wire.ts'
import type { AgentClient } from './client.ts'
import { isLater, isMethod, isRepeatable } from './methods.ts'
import type { Method } from './methods.ts'

/** The vault that `client` has a session for. Callbacks do not travel: progress is shown by nobody. */
export function remoteView(client: AgentClient): View {
  const call = (method: Method, args: readonly unknown[]): unknown =>
    client.call(method, travelling(method, args), isRepeatable(method) ? READ_SILENCE_MILLISECONDS : undefined)
  let moved = false
  const methods = new Map<string, (...args: readonly unknown[]) => unknown>()
  return new Proxy({} as View, {
    get(_, name): unknown {
      if (name === 'settle') return (result: 'ok' | FailureKind) => client.tell({ op: 'settle', result })
      // Told already, when the session began.
      if (name === 'currentProject' && !moved) return () => client.project
      if (typeof name !== 'string' || !isMethod(name)) return undefined
      if (name === 'useProject' || name === 'deleteProject') moved = true
      let method = methods.get(name)
      if (!method) {
        method = isLater(name) ? async (...args) => call(name, args) : (...args) => call(name, args)
        methods.set(name, method)
      }
      return method
    },
  })
}

/** Arguments that mean the same in the agent's process: its folder is another one, and functions stay here. */
function travelling(method: Method, args: readonly unknown[]): unknown[] {
  const [first, ...rest] = args
  const absolute = method === 'backup' && typeof first === 'string' ? [resolve(first), ...rest] : args
  return absolute.map(withoutFunctions)
}

function withoutFunctions(argument: unknown): unknown {
  if (typeof argument === 'function') return undefined
  if (typeof argument !== 'object' || argument === null) return argument
  if (Object.getPrototypeOf(argument) !== Object.prototype) return argument
  return Object.fromEntries(Object.entries(argument).filter(([, value]) => typeof value !== 'function'))
}
