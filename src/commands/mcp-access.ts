// What is asked of a context for AI agents: to serve them, and to run their programs.
import type { ClientFormat } from '../formats/mcp-clients.ts'
import type { McpRules } from '../lib/gate.ts'
import type { Secret } from '../lib/secret.ts'

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
  /** The rules as they are now. Throws `failed` for a broken file. */
  rules(): Promise<McpRules>
  /** Throws a usage failure for a client that is not known. */
  client(name: string): McpClientFile
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
  /** Whether programs that it runs may use the network. */
  network: 'any' | 'none'
}

/** A program that an AI agent wants to be run. */
export interface ConfinedLaunch {
  /** The program and its words, or a line that is split as a shell does it, without one. */
  command: readonly string[] | string
  directory: string | undefined
  /** Added to its environment. Wiped by the callee. */
  inject: readonly { name: string; value: Secret }[]
  timeoutSeconds: number
  /** `exit`: its output is thrown away. */
  output: 'full' | 'exit'
}

/** What was kept of a stream, the values taken out; bytes. */
export interface SeenStream {
  text: string
  total: number
  dropped: number
}

export interface ConfinedOutcome {
  /** 128 + n when signal n ended it. */
  exitCode: number
  signal: string | undefined
  timedOut: boolean
  stdout: SeenStream
  stderr: SeenStream
  /** How many values were taken out. */
  redactions: number
  confined: boolean
  /** What the kernel could not hold, in words. */
  gaps: readonly string[]
  /** Processes that it left running and that were killed. */
  strays: number
}
