// The gate. Every mode calls a command through `execute` and in no other way: environment, policy, body, hand-over,
// audit completion, wiping and closing happen here, in this order, for every command alike (decision D6).
import { refuseHostile } from '../lib/environment.ts'
import { Failure, toFailure } from '../lib/errors.ts'
import { secretsIn } from '../lib/secret.ts'
import type { Context } from './context.ts'
import type { Command, Fields, Input } from './define.ts'
import { policyFor } from './policy.ts'

/**
 * Runs `command`. `open` makes the context only after the environment was found safe; `present` hands the result over
 * while its Secrets are still readable. Afterwards every Secret of input and result is wiped and the vault closed,
 * whatever happened. Throws a Failure, never anything else.
 */
export async function execute<I extends Fields, R>(
  command: Command<I, R>,
  input: Input<I>,
  open: () => Promise<Context>,
  present: (result: Awaited<R>, context: Context) => void,
): Promise<Awaited<R>> {
  let context: Context | undefined
  let result: Awaited<R> | undefined
  try {
    if (command.holdsKeys) refuseHostile(process.env, command.path)
    context = await open()
    const { principal } = context
    const question = { principal, command: command.path, effect: command.effect }
    const { allow, rule } = policyFor(principal).decide(question)
    if (!allow) throw new Failure('denied', `${command.path} is not allowed: ${rule}`)
    result = await command.run(context, input)
    present(result, context)
    await context.settle('ok')
    return result
  } catch (error) {
    const failure = toFailure(error)
    // The intent row then stays without an outcome, which a reader of the audit log sees as unfinished.
    await quietly(() => context?.settle(failure.kind))
    throw failure
  } finally {
    for (const secret of [...secretsIn(input), ...secretsIn(result)]) secret.wipe()
    await quietly(() => context?.release())
  }
}

/** What goes wrong while things are put away must not hide how the command went. */
async function quietly(act: () => Promise<void> | undefined): Promise<void> {
  try {
    await act()
  } catch {
    // Told already, or nothing that a user could act on.
  }
}
