// What is asked of a context for AI agents: to serve them, and to run their programs. Types only.
import type { Secret } from '../lib/secret.ts'

/** How an MCP server is started. */
export interface McpWish {
  tools: string
  roots: readonly string[]
  refusals: number
  /** Whether a running agent may be asked. */
  agent: boolean
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
