// The key takes longer than all the rest of a command, so other threads begin with it while this one loads the rest.
// What they begin with is a guess (store/peek.ts): it counts only when the vault, once it is open, says the same.
import { utf8 } from '../lib/bytes.ts'
import { lstatOrNothing } from '../lib/files.ts'
import { environmentBytes, harden } from '../lib/native.ts'
import { vaultDirectory, vaultFile } from '../lib/paths.ts'
import { Secret } from '../lib/secret.ts'
import { socketPath } from '../modes/agent/socket-path.ts'

/** The commands that most often need the key, if no agent has it. All of them hold keys (test/house/startup.test.ts). */
export const AHEAD: ReadonlySet<string> = new Set(['export', 'generate', 'get', 'import', 'run', 'set'])

/**
 * Begins with the key when `tokens`, before anybody has understood them, look like a command that needs it, the
 * passphrase is in the environment, and no agent seems to serve the usual vault. Changes nothing that the command sees.
 */
export async function beginEarly(tokens: readonly string[]): Promise<void> {
  const { env } = process
  if (!AHEAD.has(tokens[0] ?? '') || tokens.some((token) => token === '--help' || token === '-h')) return
  let directory: string
  try {
    directory = vaultDirectory(undefined, env)
    if (lstatOrNothing(socketPath(directory)) && !env['TVAULT_NO_AGENT']) return
  } catch {
    return
  }
  const [{ takeTurn }, { expectDerivation }] = await Promise.all([
    import('../store/turns.ts'),
    import('../crypto/ahead.ts'),
  ])
  takeTurn(vaultFile(directory))
  // The threads first: they need as long to start as all that follows.
  expectDerivation({ warm: true })
  harden()
  // What this process itself put into process.env the C library does not have.
  const bytes = environmentBytes('TVAULT_PASSPHRASE') ?? utf8(env['TVAULT_PASSPHRASE'] ?? '')
  if (bytes.length > 0) await beginKey(directory, new Secret(bytes))
}

/**
 * Begins with the key that `passphrase`, which is wiped, makes of the header of the vault in `directory`. Returns what
 * throws the work away when nobody took it. Throws nothing.
 */
export async function beginKey(directory: string, passphrase: Secret): Promise<() => void> {
  try {
    const { dropAhead, isAhead } = await import('../crypto/ahead.ts')
    // By `beginEarly`: the file is not read a second time.
    if (isAhead()) return dropAhead
    const [{ peek }, { META }, { deriveKekAhead }] = await Promise.all([
      import('../store/peek.ts'),
      import('../vault/schema.ts'),
      import('../vault/ahead.ts'),
    ])
    deriveKekAhead(passphrase, peek(vaultFile(directory), 'meta', META.header))
    return dropAhead
  } finally {
    passphrase.wipe()
  }
}
