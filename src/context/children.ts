// The part of a context that starts other programs with values: in our place, or beside us. Before one starts, the vault
// is closed and the audit records are complete.
import type { Context } from '../commands/context.ts'
import type { Environment } from '../lib/paths.ts'

export interface ChildSurroundings {
  environment: Environment
  /** Whether there is a terminal. */
  interactive: boolean
  note(text: string): void
  /** Completes the audit records and closes the vault; afterwards nothing of us may be left to say how it went. */
  leave(): Promise<void>
}

export function childMethods({
  environment,
  interactive,
  note,
  leave,
}: ChildSurroundings): Pick<Context, 'become' | 'runRedacted' | 'runFed'> {
  return {
    async become(launch) {
      const { become } = await import('../guard/spawn.ts')
      return become(launch, { environment, release: leave })
    },

    async runRedacted(launch, { strict }) {
      const [{ supervise }, { LAUNCH_WORD }, { ownWords }] = await Promise.all([
        import('../guard/supervise.ts'),
        import('../guard/launch-block.ts'),
        import('../lib/program.ts'),
      ])
      return supervise(launch, { environment, release: leave, launcher: [...ownWords(), LAUNCH_WORD], strict, note })
    },

    async runFed(launch) {
      const { runFed } = await import('../guard/feed.ts')
      return runFed(launch, { environment, release: leave, onTerminal: interactive })
    },
  }
}
