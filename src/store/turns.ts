// Who derives the key of a vault when very many processes want to at once. As many as there are processors do; the
// others wait before they load anything. All at once they would take turns as well, but each in memory of its own, which
// the machine has to find and to keep apart. A courtesy, no lock: who cannot tell, or has waited long enough, goes ahead.
//
// The turns are bytes far behind the end of the vault's file, locked for an open file description: the kernel gives them
// back when a process ends, however it ends. LMDB has no such locks on this file.
import { closeSync, constants, openSync, statSync } from 'node:fs'
import { noteCrowd } from '../lib/load.ts'
import { lockByte } from '../lib/native.ts'

/** Far behind the end of every file that LMDB can make. */
export const TURNS_AT = 2n ** 62n
/** How many there are: two at least, because two may be the ends of one pipe. */
export const turns = (): number => Math.max(2, navigator.hardwareConcurrency)
/** Whoever has his turn writes an audit row. When nobody did for so long, those who have the turns are stuck. */
const PATIENCE_MILLISECONDS = 5000
/** Those who come later ask more often and may be faster. */
const MOST_MILLISECONDS = 60_000
/** Naps grow with the time that was waited: a hundred who wait must not fill the machine with asking. */
const [SHORTEST_NAP, LONGEST_NAP, NAP_PART] = [4, 300, 1 / 12]

/** Who still has it when this thread comes to rest waits for somebody else: for a person, or for input. */
const KEPT_MILLISECONDS = 1500

let turn: { fd: number; timer: Timer } | undefined

/**
 * Takes a turn at the vault whose file is `path`, and waits for it when all are taken, standing still: for programs that
 * have nothing else to do yet. Comes back without one when nobody used the vault for `patience` milliseconds, after a
 * minute, or where turns cannot be taken. It is given back by `endTurn`, after 1.5 s of rest, or at the end of the process.
 */
export function takeTurn(path: string, patience = PATIENCE_MILLISECONDS): void {
  if (turn) return
  let fd: number
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return
  }
  if (!isOurs(fd, path, patience)) return closeSync(fd)
  turn = { fd, timer: setTimeout(endTurn, KEPT_MILLISECONDS) }
  turn.timer.unref()
}

/** Gives the turn back, if there is one. */
export function endTurn(): void {
  if (!turn) return
  clearTimeout(turn.timer)
  closeSync(turn.fd)
  turn = undefined
}

function isOurs(fd: number, path: string, patience: number): boolean {
  const nap = new Int32Array(new SharedArrayBuffer(4))
  const began = performance.now()
  let [used, since] = [lastUse(path), began]
  for (;;) {
    const got = anyOf(fd)
    if (got !== 'taken') return got === 'ours'
    noteCrowd()
    const now = performance.now()
    const latest = lastUse(path)
    if (latest !== used) [used, since] = [latest, now]
    if (now - since > patience || now - began > MOST_MILLISECONDS) return false
    const length = Math.min(LONGEST_NAP, Math.max(SHORTEST_NAP, (now - began) * NAP_PART))
    // Not all at the same moment: some sleep half as long, some one and a half times.
    Atomics.wait(nap, 0, 0, length * (0.5 + (process.pid % 64) / 64))
  }
}

function anyOf(fd: number): 'ours' | 'taken' | 'unknown' {
  for (let at = 0; at < turns(); at++) {
    const locked = lockByte(fd, TURNS_AT + BigInt(at))
    if (locked !== false) return locked ? 'ours' : 'unknown'
  }
  return 'taken'
}

function lastUse(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
