// What an attack on the confinement is, and words that the attacks share.
import { readFileSync } from 'node:fs'

/** What there is to attack. */
export interface Target {
  /** Hidden directory, and files in it. */
  vault: string
  vaultFile: string
  identity: string
  /** Writable directory in which the vault lies. */
  home: string
  /** A link in `home` to the vault, hidden as well. */
  redirect: string
  /** Hidden, and not there. */
  absent: string
  /** A file that nobody granted, in a directory that everybody may write to. */
  outside: string
  /** Other processes of the same user, with CANARY in their environment and the vault as descriptor 3. */
  victims: readonly number[]
  agentSocket: string
  abstractSocket: string
  datagramSocket: string
  tcpPort: number
  tcp6Port: number
  udpPort: number
  /** A program that tells its user, and runs as root for everybody. */
  rootsProgram: string | undefined
}

export interface Attack {
  about: string
  /** What stands in the way; `both`: each of the two alone would. `nothing`: not caught, which topic threat-model says. */
  by: 'landlock' | 'seccomp' | 'both' | 'capabilities' | 'nothing'
  /** Version of Landlock's interface that brought it; 1 when not given. */
  since?: number
  /** Only root could do it at all. */
  ofRoot?: boolean
  /** Not for root, whose other programs have capabilities that this one has lost. */
  exceptRoot?: boolean
  /** Answer of the free run where the test has nothing to attack; confined it must be another one. */
  otherwise?: string
  /** What stood in the way; nothing when it was done. */
  run(target: Target): string | undefined
}

/** The name of the error, for calls that answer nothing else of interest. */
export const done = ({ error }: { error: string | undefined }): string | undefined => error

/** For acts that throw when they are refused, and answer nothing of interest. */
export function act(dare: () => unknown): undefined {
  dare()
}

/** Nothing when it could be done to one of the victims, else what stood in the way at the first. */
export function toSome({ victims }: Target, attempt: (pid: number) => string | undefined): string | undefined {
  const answers = victims.map((pid) => attempted(() => attempt(pid)))
  return answers.includes(undefined) ? undefined : answers[0]
}

/** What `attempt` returns; the code of the error when it throws one. */
export function attempted(attempt: () => string | undefined): string | undefined {
  try {
    return attempt()
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

export const reads = (path: string, content: string): string | undefined =>
  readFileSync(path, 'latin1').includes(content) ? undefined : 'something else was there'
