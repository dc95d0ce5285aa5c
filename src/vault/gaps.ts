// Damage that hides a row: one changed byte in its key, and the row is found neither by name nor in its range. It still
// lies between the same neighbours, so whoever finds nothing looks at the rows beside the gap: there it fails to decode,
// because a row's checksum covers its key.
import { META, damaged, decodeSecret, parseHistoryKey, parseSecretKey, secretKey } from './schema.ts'
import { compare } from '../lib/bytes.ts'
import type { Range, Reader, Row } from '../store/store.ts'

type Keyed = 'secrets' | 'history'

/** Throws `corrupt` when a row beside the place where `key` would be is damaged. */
export function checkGap(reader: Reader, table: Keyed, key: Uint8Array): void {
  checkFirst(reader, table, { from: key, limit: 1 })
  checkFirst(reader, table, { to: key, reverse: true, limit: 1 })
}

/** Throws `corrupt` when a row just before or just behind the range is damaged. */
export function checkEdges(reader: Reader, table: Keyed, { from, to }: { from: Uint8Array; to: Uint8Array }): void {
  checkFirst(reader, table, { to: from, reverse: true, limit: 1 })
  checkFirst(reader, table, { from: to, limit: 1 })
}

/** Throws `corrupt` when table `meta` has a row of a name that nobody gave it. */
export function checkMeta(reader: Reader): void {
  const known = Object.values(META)
  for (const key of reader.keys('meta')) {
    if (!known.some((name) => compare(name, key) === 0)) throw damaged('a row key of the table meta')
  }
}

function checkFirst(reader: Reader, table: Keyed, range: Range): void {
  for (const row of reader.range(table, range)) decode(table, row)
}

function decode(table: Keyed, { key, value }: Row): void {
  if (table === 'secrets') {
    parseSecretKey(key)
    decodeSecret(key, value)
    return
  }
  const place = parseHistoryKey(key)
  const { version } = decodeSecret(secretKey(place.project, place.key), value)
  if (version !== place.version) throw damaged('a row key of the history')
}
