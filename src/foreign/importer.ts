// What an importer is: one file that knows how one other program keeps secrets, and turns that into keys and values of
// ours. It never writes, and a value goes from its bytes into a Secret without being a string where that is possible.
import type { Secret } from '../lib/secret.ts'

/** One value and the key it is to be stored under. The value belongs to the caller, who wipes it. */
export interface ForeignEntry {
  key: string
  value: Secret
  /** Where it was, in the words of the other program: `Personal / GitHub / password`. */
  source: string
  /** Set by formats that know projects of their own. */
  project?: string
}

/** Something that did not come over as it was. Holds names, never a value. */
export interface ForeignNote {
  /**
   * `skipped`: it is not among the entries. `renamed`: it is, but not under the name that the rule gives. `ignored`: it
   * is no secret of the person, such as a public key.
   */
  kind: 'skipped' | 'renamed' | 'ignored'
  what: string
  where: string
  why: string
}

export interface Foreign {
  entries: ForeignEntry[]
  notes: ForeignNote[]
}

/** What was read, and by which importer. */
export interface Read extends Foreign {
  format: string
  about: string
  /** The file holds the values unencrypted. */
  clear: boolean
}

/** One file of a tree; `name` is its path below the root, with slashes. */
export interface TreeFile {
  name: string
  bytes: Uint8Array
}

/** A file, or a tree of files, that was read under the rules for foreign input. */
export interface ForeignInput {
  /** As it was typed; for messages and for the ending of the name. */
  path: string
  /** Content of the file; empty for a tree. The caller wipes it. */
  bytes: Uint8Array
  /** The files of a tree, sorted by name; undefined for a file. */
  files?: readonly TreeFile[]
}

/** What an importer may ask its surroundings for. */
export interface ForeignAsk {
  /** The passphrase of the file; the importer wipes it. `locked` when nobody can tell it. */
  passphrase(label: string): Promise<Secret>
  /** Content of the file given with --key-file; wiped by the caller. Undefined when none was given. */
  keyFile(): { path: string; bytes: Uint8Array } | undefined
  /** A file in the directory of the input, or undefined when there is none; the importer wipes it. */
  beside(name: string): Uint8Array | undefined
  /** Decrypts one OpenPGP message with the gpg of this machine; the importer wipes the result. Throws `failed`. */
  gpg(message: Uint8Array, path: string): Promise<Uint8Array>
  /** Told after each of many slow steps. */
  progress(done: number, total: number): void
}

export interface Importer {
  /** The word after `--from`. */
  format: string
  /** What it reads, for people: `a KeePass database (KDBX 4)`. */
  about: string
  /** Whether the input is of this kind. Looks at the content, does not ask, and throws nothing. */
  recognise(input: ForeignInput): boolean
  /** Whether anybody who can read the file can read the values, so that it should not be left lying about. */
  isClear(input: ForeignInput): boolean
  /** Throws `failed` with the place for what is malformed, `corrupt` for what fails its own check. */
  read(input: ForeignInput, ask: ForeignAsk): Promise<Foreign>
}
