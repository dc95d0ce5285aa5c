// Signals that reach us and are meant for the program that we run. What the terminal sends reaches the program by
// itself, when it is in our process group, and must not reach it twice (W42).
import { isForeground } from '../lib/native-terminal.ts'

/** Signals of people and other programs. */
const PASSED_ON = ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const
/** Signals that keys of a terminal make, and the keys. */
const KEYS = { SIGINT: '\u0003', SIGQUIT: '\u001c' } as const

export interface Target {
  kill(signal: NodeJS.Signals): void
}

/** A program in our own process group. `tty` is a descriptor of our terminal; undefined when we have none. */
export function passSignals(child: Target, tty: number | undefined): () => void {
  return listen({
    ...Object.fromEntries(PASSED_ON.map((signal) => [signal, () => child.kill(signal)])),
    ...Object.fromEntries(
      (Object.keys(KEYS) as (keyof typeof KEYS)[]).map((signal) => [
        signal,
        () => {
          // In the foreground it comes from the terminal, which has sent it to the program as well.
          if (tty === undefined || !isForeground(tty)) child.kill(signal)
        },
      ]),
    ),
  })
}

/** What a program on a terminal of its own needs from us. */
export interface Screen {
  /** Whether the keys of our terminal go to the program's terminal as they are. */
  engaged(): boolean
  /** Types on the program's terminal. */
  type(key: string): void
  /** Our terminal has another size. */
  resize(): void
  /** Our terminal gets its settings back, until `engage`. */
  disengage(): void
  engage(): void
}

/** A program on a terminal of its own: nothing that our terminal sends reaches it by itself. */
export function passSignalsToTerminal(child: Target, screen: Screen): () => void {
  const key = (signal: keyof typeof KEYS) => () => {
    // Somebody's kill while keys pass through; otherwise Ctrl-C of our terminal, for whatever runs in front on the other.
    if (screen.engaged()) child.kill(signal)
    else screen.type(KEYS[signal])
  }
  return listen({
    ...Object.fromEntries(PASSED_ON.map((signal) => [signal, () => child.kill(signal)])),
    SIGINT: key('SIGINT'),
    SIGQUIT: key('SIGQUIT'),
    SIGWINCH: () => screen.resize(),
    SIGTSTP: () => {
      // Its process group has no parent that could continue it, so the kernel would ignore a stop that it may refuse.
      child.kill('SIGSTOP')
      screen.disengage()
      process.kill(process.pid, 'SIGSTOP')
    },
    SIGCONT: () => {
      screen.engage()
      screen.resize()
      child.kill('SIGCONT')
    },
  })
}

function listen(listeners: Readonly<Record<string, () => void>>): () => void {
  for (const [signal, listener] of Object.entries(listeners)) process.on(signal, listener)
  return () => {
    for (const [signal, listener] of Object.entries(listeners)) process.off(signal, listener)
  }
}
