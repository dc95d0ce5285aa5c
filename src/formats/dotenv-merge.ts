// Several dotenv files as one: of two files with the same key the later one wins. Values that lost are wiped here.
import type { Secret } from '../lib/secret.ts'
import type { Dotenv, DotenvNote } from './dotenv.ts'

/** A parsed file and the name it is told by. */
export interface DotenvSource {
  file: string
  parsed: Dotenv
}

export interface MergedEntry {
  key: string
  value: Secret
  /** The file it came from. */
  file: string
}

export interface MergedNote extends DotenvNote {
  file: string
}

export interface Merged {
  /** Sorted bytewise by key. The values belong to the caller. */
  entries: MergedEntry[]
  /** In the order of files and lines. */
  notes: MergedNote[]
}

/** The entries that count and all notes. Takes over the values of `sources`. */
export function mergeDotenv(sources: readonly DotenvSource[]): Merged {
  const found = new Map<string, MergedEntry>()
  const notes: MergedNote[] = []
  for (const { file, parsed } of sources) {
    for (const { key, value } of parsed.entries) {
      found.get(key)?.value.wipe()
      found.set(key, { key, value, file })
    }
    for (const note of parsed.notes) notes.push({ ...note, file })
  }
  return { entries: [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1)), notes }
}
