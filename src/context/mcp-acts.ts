// What a command does outside of the vault for an AI agent: it sends a request, or writes a value into a configuration
// file. Whom and where to, the policy has said by then; that a host or a file is one that may be meant at all is judged
// here, by what it really is.
import type { Request } from '../guard/request.ts'
import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { checkOutside, lstatOrNothing, readFound, writeAtomically } from '../lib/files.ts'
import { Given } from './mcp-given.ts'
import { checkKey, printable } from '../lib/names.ts'
import type { ScopeRedaction } from './mcp-redacting.ts'
import type { Secret } from '../lib/secret.ts'
import type { AgentActs, ConfinedLaunch, ConfinedOutcome, InjectWish, RequestOutcome } from '../commands/mcp-access.ts'
import type { Environment } from '../lib/paths.ts'

/** What the owner said when the server was started. */
export interface Bounds {
  environment: Environment
  /** The vault directory. */
  vault: string
  /** Real paths, as they are now. */
  roots: () => readonly string[]
  /** What programs must not reach, beside the vault. */
  hidden: readonly string[]
  network: 'any' | 'none'
  /** Hosts that requests may go to where no policy of the vault says so. */
  hosts: readonly string[]
  /** Those that may lie on this machine or in a private network. */
  inside: readonly string[]
}

/** One call. */
interface Now {
  signal: AbortSignal
  /** Called when the values are handed over: others may have the vault now. */
  release: () => Promise<void>
  /** Begins to take the values of projects out of output; undefined when they have none. */
  redacting: (projects: readonly string[]) => Promise<ScopeRedaction | undefined>
}

/** Programs and requests of one session. It remembers what they were given, and takes that out of all later answers. */
export class Doings {
  readonly #bounds: Bounds
  readonly #given = new Given()

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** Runs a program in `directory`, a real path below a root. `network` can only take away. Wipes the values. */
  async run(launch: ConfinedLaunch, directory: string, now: Now, network?: 'none'): Promise<ConfinedOutcome> {
    const { runForAgent } = await import('./mcp-exec.ts')
    const bounds = this.#bounds
    return redacted(now, launch.output, launch.projects, (scope) => {
      const known = this.#knownAfter(launch.inject)
      const around = { ...bounds, roots: bounds.roots(), directory, known, cancel: now.signal, release: now.release }
      return runForAgent(launch, { ...around, scope, network: network ?? bounds.network })
    })
  }

  /** `hasOwnRules`: a policy of the vault has judged the host and the file already. */
  acts(now: Now, hasOwnRules: boolean): Pick<AgentActs, 'mayReach' | 'request' | 'inject'> {
    return {
      mayReach: (host) => {
        if (hasOwnRules || this.#bounds.hosts.some((pattern) => isHost(pattern, host))) return
        throw new Failure('denied', `${printable(host)} is no host that requests may go to`, {
          code: 'host_not_allowed',
          hint: 'the owner starts the server with --host NAME, or writes a policy with a line for it',
        })
      },
      request: (wish, projects) =>
        redacted(now, wish.output, projects, (scope) => {
          const known = this.#knownAfter(wish.secrets)
          return requestForAgent(wish, { ...this.#bounds, ...now, scope, known })
        }),
      inject: (wish) => {
        this.#given.remember([wish.secret])
        return injectForAgent(wish, this.#bounds)
      },
    }
  }

  /** Wipes what was remembered. */
  forget(): void {
    this.#given.forget()
  }

  /** What was given before, and `values` from now on. */
  #knownAfter(values: readonly Named[]): Named[] {
    const known = this.#given.all()
    this.#given.remember(values)
    return known
  }
}

interface Named {
  name: string
  value: Secret
}

/** `*.name` is every name below it. */
function isHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern.toLowerCase() === host
  return host.endsWith(pattern.slice(1).toLowerCase()) && host.length > pattern.length - 1
}

const MAX_BYTES = 1_048_576
const MAX_TOKEN_BYTES = 4096

interface Requesting extends Now {
  inside: readonly string[]
  /** Further values that must not come back. Wiped by the callee. */
  known: readonly Named[]
  scope: ScopeRedaction | undefined
}

/** Runs `act` with what takes the values of `projects` out of its output, where output is told at all. */
async function redacted<T>(
  { redacting }: Now,
  output: ConfinedLaunch['output'] | Request['output'],
  projects: readonly string[],
  act: (scope: ScopeRedaction | undefined) => Promise<T>,
): Promise<T> {
  const scope = output === 'full' ? await redacting(projects) : undefined
  try {
    return await act(scope)
  } finally {
    scope?.stream.end()
  }
}

/** Sends the request. Wipes the values. Throws `denied` where one of them could not be hidden in the answer. */
async function requestForAgent(wish: Request, around: Requesting): Promise<RequestOutcome> {
  const [{ send }, { Redactor }, { RedactorChain }] = await Promise.all([
    import('../guard/request.ts'),
    import('../guard/redact.ts'),
    import('../guard/redact-chain.ts'),
  ])
  const { seen } = await import('./mcp-exec.ts')
  const { secrets, output } = wish
  const own = new Redactor(secrets, around.known)
  const redactor = around.scope ? new RedactorChain(around.scope.stream, own) : own
  try {
    const unsafe = output === 'full' ? own.unsafe() : []
    if (unsafe.length > 0) {
      throw new Failure(
        'denied',
        `too short or too easy to guess to be hidden in an answer: ${unsafe.map(({ name }) => name).join(', ')}`,
        {
          hint: 'output: "status" tells only the number of the answer',
        },
      )
    }
    const answer = await send(wish, { ...around, redactor })
    const { status, headers, withheld = around.scope?.failure?.message } = answer
    return { status, headers, withheld, body: seen(answer.body), redactions: redactor.redactions }
  } finally {
    redactor.end()
    for (const { value } of [...secrets, ...around.known]) value.wipe()
  }
}

/** Writes the value into the file, 0600, whole or not at all. Does not wipe it. */
async function injectForAgent(wish: InjectWish, { vault, environment }: Bounds): Promise<{ created: boolean }> {
  const { path } = wish
  checkOutside(path, vault)
  const present = lstatOrNothing(path)
  if (present?.isSymbolicLink()) throw new Failure('denied', `${printable(path)} is a symbolic link`)
  if (present && present.nlink > 1) throw new Failure('denied', `${printable(path)} has a second name (a hard link)`)
  if (present && present.uid !== process.geteuid?.())
    throw new Failure('denied', `${printable(path)} belongs to somebody else`)
  const { trackingOf } = await import('../git/tracked.ts')
  const tracking = trackingOf(path, environment)
  if (tracking === 'tracked' || tracking === 'untracked' || tracking === 'unknown') {
    throw new Failure('denied', `the next commit would take the value with ${printable(path)}`, {
      code: 'file_not_ignored',
      hint: `the owner adds it to .gitignore${tracking === 'tracked' ? ' and runs git rm --cached' : ''}`,
    })
  }
  const before = present ? readFound(path, MAX_BYTES, { followLink: false }).bytes : new Uint8Array(0)
  const after = await edited(before, wish)
  try {
    // The folder was judged by where it really is; one that was put in its place since is not meant.
    if (realpathSync(dirname(path)) !== dirname(path))
      throw new Failure('denied', 'the folder of the file is another one now')
    writeAtomically(path, after.reveal(), { overwrite: present !== undefined, outside: vault })
    return { created: present === undefined }
  } finally {
    before.fill(0)
    after.wipe()
  }
}

async function edited(before: Uint8Array, { format, host, user, as, secret }: InjectWish): Promise<Secret> {
  if (format === 'dotenv') {
    const { editDotenv } = await import('../formats/dotenv-edit.ts')
    return editDotenv(before, [{ key: checkKey(as ?? secret.name), value: secret.value }])
  }
  const { withCredential } = await import('../formats/credential-files.ts')
  if (host === undefined) throw new Failure('usage', 'the argument host is missing')
  if (format !== 'npmrc' && user === undefined) throw new Failure('usage', 'the argument user is missing')
  return withCredential(before, format, { host, user: user ?? '', value: secret.value })
}

/** The digest of the token in a file that nobody else may read. Throws `failed`. */
export async function readToken(path: string): Promise<Uint8Array> {
  const { bytes, uid, mode } = readFound(path, MAX_TOKEN_BYTES, { followLink: false })
  if (uid !== process.geteuid?.() || (mode & 0o077) !== 0) {
    throw new Failure('failed', `${printable(path)} can be read by others`, { hint: `chmod 600 ${printable(path)}` })
  }
  const { tokenOf } = await import('../modes/mcp/http.ts')
  try {
    return tokenOf(bytes)
  } finally {
    bytes.fill(0)
  }
}
