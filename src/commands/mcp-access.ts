// What is asked of a context for AI agents: to serve them, and to run their programs.
import type { Request } from '../guard/request.ts'
import type { ClientFormat } from '../formats/mcp-clients.ts'
import type { McpRules } from '../lib/gate.ts'
import type { Secret } from '../lib/secret.ts'
import type { PolicyText } from '../vault/view.ts'

/** AI clients whose configuration is known. */
export const CLIENTS = ['claude', 'claude-desktop', 'codex', 'cursor', 'vscode'] as const

/** Where a client keeps its servers. */
export interface McpClientFile {
  path: string
  format: ClientFormat
  /** The words that start tvault. */
  program: readonly string[]
  isDefaultVault: boolean
}

export interface McpAccess {
  /** The rules as they are now: of the vault, else of the file. Throws `failed` for broken ones. */
  rules(): Promise<McpRules>
  /** The policy of the vault as text; revision 0 and no text when there is none. */
  stored(): Promise<PolicyText>
  /** A policy and everything that is wrong with it, by line. */
  parse(text: string, revision: number): Promise<{ rules: McpRules; faults: { line: number; message: string }[] }>
  /** What the owner's editor makes of `text`. Throws `failed` when there is none, or it fails. */
  edit(text: string): Promise<string>
  /** Throws a usage failure for a client that is not known. */
  client(name: string): McpClientFile
  /** Variables of the environment that refer to the vault: they hold `tvault://`. */
  referring(): { name: string; value: string }[]
  /** Serves on standard input and output until the input ends. Throws `not_initialized`, and `failed` for bad rules. */
  serve(wish: McpWish): Promise<void>
}

/** How an MCP server is started. */
export interface McpWish {
  tools: string
  roots: readonly string[]
  refusals: number
  /** `auto`, `none`, or `unix://PATH` of the agent that may be asked. */
  connect: string
  /** Whether the owner may be asked on a page, where the client opens one. */
  page: 'auto' | 'none'
  /** Whether programs that it runs may use the network. */
  network: 'any' | 'none'
  /** Hosts that requests may go to where no policy of the vault says so: `name`, `name:port`, `*.name`. */
  hosts: readonly string[]
  /** Those that may lie on this machine or in a private network. */
  inside: readonly string[]
  /** Serve over HTTP on this port of the loopback interface, 0 for any; the file holds the token. */
  http: { port: number; tokenFile: string } | undefined
}

/** A program that an AI agent wants to be run. */
export interface ConfinedLaunch {
  /** The program and its words, or a line that is split as a shell does it, without one. */
  command: readonly string[] | string
  directory: string | undefined
  /** Added to its environment; `project` is the one that the secret is of. Wiped by the callee. */
  inject: readonly { name: string; project: string; value: Secret }[]
  timeoutSeconds: number
  /** `exit`: its output is thrown away. */
  output: 'full' | 'exit'
  /** Projects of which no value comes out, given to it or not. */
  projects: readonly string[]
}

/** What was kept of a stream, the values taken out; bytes. */
export interface SeenStream {
  text: string
  total: number
  dropped: number
}

/** How a program of the owner's recipes ended; what it printed is told when it failed. */
export interface StepOutcome {
  /** The name of its file. */
  program: string
  exitCode: number
  timedOut: boolean
  stdout: string
  stderr: string
}

export interface ConfinedOutcome {
  /** Not so when what sets up failed; then there is no more to tell. */
  started: boolean
  setUp: readonly StepOutcome[]
  tearDown: readonly StepOutcome[]
  /** As it was run: rules may allow less than was asked for. */
  output: ConfinedLaunch['output']
  /** 128 + n when signal n ended it. */
  exitCode: number
  signal: string | undefined
  timedOut: boolean
  stdout: SeenStream
  stderr: SeenStream
  /** How many values were taken out. */
  redactions: number
  /** Why output is missing, when it could not be looked at to its end. */
  withheld: string | undefined
  confined: boolean
  /** What the kernel could not hold, in words. */
  gaps: readonly string[]
  /** Processes that it left running and that were killed. */
  strays: number
}

export interface RequestOutcome {
  status: number
  headers: Readonly<Record<string, string>>
  body: SeenStream
  /** Why the body is not told, when it is not. */
  withheld: string | undefined
  redactions: number
}

/** How values are written into a configuration file. */
export interface InjectWish {
  /** Absolute, its folder by its real path. */
  path: string
  format: 'dotenv' | 'npmrc' | 'netrc' | 'docker'
  /** Registry or machine, for the formats that have them. */
  host: string | undefined
  /** Name of the user, for netrc and docker. */
  user: string | undefined
  /** The key of a dotenv file; default: the name of the secret. */
  as: string | undefined
  secret: { name: string; value: Secret }
}

/** What only the surroundings of an AI agent have. */
export interface AgentActs {
  /** Throws `denied` for a host (`name` or `name:port`) that no request may go to. */
  mayReach(host: string): void
  /** No value of `projects` comes back with the answer. */
  request(wish: Request, projects: readonly string[]): Promise<RequestOutcome>
  inject(wish: InjectWish): Promise<{ created: boolean }>
  session(): Promise<{ locked: boolean; uses_left: number; seconds_left: number; pending: number; agent: boolean }>
  /** Asks the owner; never unlocks. */
  askUnlock(purpose: string): Promise<{ request: string; seconds: number }>
}
