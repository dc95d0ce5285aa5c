// What a command may ask for when an AI agent calls it. Every member is written out: what is new to `Context` must be
// decided on here, and what is not for agents refuses. Nobody is ever asked, no program started, no file written.
import { readdirSync, realpathSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import type { Ask, Context, Globals } from '../commands/context.ts'
import type { AgentActs, ConfinedLaunch, ConfinedOutcome } from '../commands/mcp-access.ts'
import { Failure } from '../lib/errors.ts'
import { readSafely } from '../lib/files.ts'
import type { Principal } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import type { Names, View } from '../vault/view.ts'
import { makeStyle } from './style.ts'

const NO_PERSON: Ask = {
  possible: false,
  hidden: async () => refuse(),
  confirm: async () => false,
  choose: async () => refuse(),
}

export interface McpCall {
  principal: Principal
  command: string
  directory: string
  project: string | undefined
  /** Directories below which dotenv files may be compared; real paths. */
  roots: readonly string[]
  build: Context['build']
  runConfined(launch: ConfinedLaunch, directory: string): Promise<ConfinedOutcome>
  acts: Pick<AgentActs, 'mayReach' | 'request' | 'inject'>
  random: Context['random']
  names(): Promise<Names>
  vault(): Promise<View>
  settle: Context['settle']
  release: Context['release']
  progress: (done: number, total: number) => void
}

/** The surroundings of one call, and the project it turned out to be about. */
export function mcpContext(call: McpCall): { context: Context; meant(): string } {
  const { principal, command, directory, project, roots, build, progress } = call
  const globals: Globals = { directory, project, json: true, verbose: false, noAgent: false }
  let meant = project ?? ''
  const context: Context = {
    principal,
    command,
    globals,
    style: makeStyle(false, 80),
    ask: NO_PERSON,
    names: () => call.names(),
    vault: () => call.vault(),
    project(names) {
      meant = project ?? (names.currentProject() || 'default')
      return meant
    },
    readFile: async (path, { maxBytes }) => readSafely(within(roots, path, directory), maxBytes),
    runConfined: async (launch) => call.runConfined(launch, folderWithin(roots, launch.directory, directory)),
    // What belongs to the session is added by the server (modes/mcp/server.ts).
    acts: { ...call.acts, session: async () => refuse(), askUnlock: async () => refuse() },
    random: call.random,
    settle: call.settle,
    release: call.release,
    progress: () => progress,
    note: () => undefined,
    build,
    identityExported: false,
    stdinIsTerminal: false,
    stdoutIsTerminal: false,
    settings: [],
    catalog: () => [],
    topics: () => [],
    topic: async () => undefined,
    unlocked: async () => refuse(),
    vaultAs: async () => refuse(),
    create: async () => refuse(),
    passphrase: async () => refuse(),
    agent: async () => refuse(),
    inspect: async () => refuse(),
    restore: async () => refuse(),
    migrate: async () => refuse(),
    updates: async () => refuse(),
    identities: async () => refuse(),
    identityFiles: {
      create: async () => refuse(),
      list: async () => (await import('./identities.ts')).listIdentities(directory),
      load: async () => refuse(),
    },
    writeFile: async () => refuse(),
    appendToJob: async () => refuse(),
    foreign: async () => refuse(),
    async dotenvFiles(named) {
      const { isDotenvName } = await import('../formats/dotenv-files.ts')
      return filesIn(folderWithin(roots, named, directory)).filter(isDotenvName)
    },
    directoryWish: async () => refuse(),
    gitState: async () => refuse(),
    stdin: async () => refuse(),
    become: async () => refuse(),
    runRedacted: async () => refuse(),
    runFed: async () => refuse(),
    mcp: async () => refuse(),
  }
  return { context, meant: () => meant }
}

function refuse(): never {
  throw new Failure('denied', 'an AI agent cannot do this')
}

/**
 * The path of a file below one of `roots`, judged by where its folder really is. Throws `denied` for everything else,
 * in the same words whether or not it exists (attacks A3, A4, D6).
 */
function within(roots: readonly string[], path: string, vault: string): string {
  const absolute = resolve(roots[0] ?? '/', path)
  const folder = realOrNothing(dirname(absolute))
  if (folder === undefined || !isReachable(roots, folder, vault)) throw outside(roots, path)
  return join(folder, absolute.slice(absolute.lastIndexOf(sep) + 1))
}

/** The real path of a directory below one of `roots`; without a name the first of them. */
export function folderWithin(roots: readonly string[], named: string | undefined, vault: string): string {
  const folder = realOrNothing(resolve(roots[0] ?? '/', named ?? '.'))
  if (folder === undefined || !isReachable(roots, folder, vault)) throw outside(roots, named ?? '.')
  return folder
}

/** Names of the regular files of a directory, sorted; links are none. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()
}

function isReachable(roots: readonly string[], folder: string, vault: string): boolean {
  const isBelow = (parent: string) => folder === parent || folder.startsWith(parent + sep)
  return roots.some(isBelow) && !isBelow(realOrNothing(vault) ?? vault) && !/^\/(?:proc|sys|dev)(?:\/|$)/.test(folder)
}

function outside(roots: readonly string[], path: string): Failure {
  const below = `below: ${roots.map(printable).join(', ')}`
  return new Failure('denied', `${printable(path)} is not below a directory of this server`, {
    hint: roots.length === 0 ? 'the owner starts it with --root DIR' : below,
  })
}

function realOrNothing(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
