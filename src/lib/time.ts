// Moments are nanoseconds since 1970 UTC as bigint: the peer's rows carry nanoseconds, and a JS Date loses them.
import { Failure } from './errors.ts'

export type Nanoseconds = bigint

/** The wall clock, in nanoseconds (millisecond resolution). */
export function now(): Nanoseconds {
  return BigInt(Date.now()) * 1_000_000n
}

/** RFC 3339 UTC; fraction of up to nine digits with trailing zeros dropped, as the peer writes it. */
export function toRfc3339(moment: Nanoseconds): string {
  const seconds = moment / 1_000_000_000n
  const fraction = (moment % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return fraction === '' ? `${whole}Z` : `${whole}.${fraction}Z`
}

/** RFC 3339 UTC in whole seconds, for the places where the peer prints no fraction. */
export function toRfc3339Seconds(moment: Nanoseconds): string {
  return toRfc3339(moment - (moment % 1_000_000_000n))
}

/** For people: `2026-11-24 09:15:02 UTC`. */
export function toHuman(moment: Nanoseconds): string {
  return `${new Date(Number(moment / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/**
 * A moment in a form a person types: RFC 3339, `2026-11-24` (start of that day, UTC), `yesterday`, `today`,
 * or an age such as `2h`, `30m`, `7d` (that long before `reference`). Throws a usage failure otherwise.
 */
export function parseMoment(typed: string, reference: Nanoseconds = now()): Nanoseconds {
  const age = /^(\d{1,6})([smhdw])$/.exec(typed)
  if (age) return reference - BigInt(Number(age[1]) * UNITS[age[2]!]!) * 1_000_000_000n
  const day = 86_400_000_000_000n
  if (typed === 'today') return (reference / day) * day
  if (typed === 'yesterday') return (reference / day) * day - day
  const exact = /^(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d))?$/.exec(typed)
  if (exact) {
    const milliseconds = Date.parse(
      exact[2] === undefined ? `${exact[1]}T00:00:00Z` : `${exact[1]}T${exact[2]}${exact[4]!.toUpperCase()}`,
    )
    if (!Number.isNaN(milliseconds)) {
      return BigInt(milliseconds) * 1_000_000n + BigInt((exact[3] ?? '').padEnd(9, '0') || '0')
    }
  }
  throw new Failure('usage', `not a time: ${typed.slice(0, 40)}`, {
    hint: 'use 2026-11-24, 2026-11-24T09:00:00Z, yesterday, or an age such as 2h or 7d',
  })
}
