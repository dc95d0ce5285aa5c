// Sizes and ages, between numbers and what people read and type.
import { Failure } from './errors.ts'
import type { Nanoseconds } from './time.ts'

const KIB_PER_UNIT: Record<string, number> = { '': 1, k: 1, m: 1024, g: 1_048_576 }
const SECOND = 1_000_000_000n

/** Bytes for people: `17 B`, `1.5 KiB`, `10 MiB`. */
export function toSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let amount = bytes
  let unit = 0
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024
    unit++
  }
  const digits = unit > 0 && amount < 10 ? 1 : 0
  return `${amount.toFixed(digits).replace(/\.0$/, '')} ${units[unit]}`
}

/** How long before `reference` the moment lies, in its largest whole unit: `now`, `12s`, `5m`, `3h`, `9d`, `2y`. */
export function toAge(moment: Nanoseconds, reference: Nanoseconds): string {
  const seconds = Number((reference - moment) / SECOND)
  if (seconds < 1) return 'now'
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`
  const days = Math.floor(seconds / 86_400)
  return days < 730 ? `${days}d` : `${Math.floor(days / 365)}y`
}

/** KiB of a typed amount of memory: `65536`, `65536KiB`, `64MiB`, `64m`, `1GiB`. Throws a usage failure otherwise. */
export function parseKib(typed: string): number {
  const parts = /^(\d{1,9})\s*(?:([kmg])(?:i?b)?)?$/i.exec(typed.trim())
  const unit = KIB_PER_UNIT[(parts?.[2] ?? '').toLowerCase()]
  if (parts && unit !== undefined) return Number(parts[1]) * unit
  throw new Failure('usage', `not an amount of memory: ${typed.slice(0, 40)}`, {
    hint: 'use KiB or a unit: 65536, 64MiB, 1GiB',
  })
}

/** The largest value that is taken from a file or a pipe, in bytes (128 MiB). */
export const MAX_VALUE_BYTES = 134_217_728

const DURATION_UNITS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds of a duration such as `15m`, `1h30m`, `90s` or `0`; a bare number is seconds. Throws a usage failure. */
export function parseDuration(typed: string): number {
  if (/^\d{1,9}$/.test(typed)) return Number(typed)
  const parts = [...typed.matchAll(/(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)/gy)]
  if (parts.length > 0 && parts.map(([whole]) => whole).join('') === typed) {
    return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * DURATION_UNITS[unit!]!, 0)
  }
  throw new Failure('usage', `not a duration: ${typed.slice(0, 40)}`, { hint: 'use 15m, 1h30m, 90s, or 0' })
}

/** The same for people, in its two largest units: `1 h 30 min`. */
export function durationWords(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [Math.floor(seconds) % 60, 's'],
  ] as const
  const named = parts.filter(([amount]) => amount > 0).slice(0, 2)
  return named.length === 0 ? '0 s' : named.map(([amount, unit]) => `${amount} ${unit}`).join(' ')
}
