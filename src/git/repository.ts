// One repository: where it is, its configuration, which files of the index are tracked for tvault. Everything is asked
// of git itself; nothing inside .git is read or written behind its back.
import { join, resolve } from 'node:path'
import { concat, latin1, text, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { escaped } from '../lib/names.ts'
import type { Environment } from '../lib/paths.ts'
import { git, gitText } from './call.ts'
import type { Answer, Call } from './call.ts'

/** The name of the filter, of the diff driver and of the merge driver in .gitattributes and in the configuration. */
export const DRIVER = 'tvault'

/** The file in the top directory that says which paths are tracked. */
export const ATTRIBUTES_FILE = '.gitattributes'

/** One regular file of the index. */
export interface Entry {
  /** Relative to the top, as bytes: git has no other idea of a name. */
  raw: Uint8Array
  /** For people, and for the file system when `isText`. */
  path: string
  /** Whether `path` is exactly `raw`; a name that is not UTF-8 cannot be given to the file system here. */
  isText: boolean
  /** 100644 or 100755. */
  mode: string
  oid: string
  /** 0, or 1 to 3 while a merge is not resolved. */
  stage: number
  /** Left out of the work tree by a sparse checkout, or a file at which git was told not to look. */
  isSetAside: boolean
}

export class Repository {
  /** Absolute path of the work tree. */
  readonly top: string
  readonly #environment: Environment

  private constructor(top: string, environment: Environment) {
    this.top = top
    this.#environment = environment
  }

  /** The repository around `cwd`. Failure `failed` when there is none, or none with a work tree. */
  static at(cwd: string, environment: Environment): Repository {
    return new Repository(gitText(['rev-parse', '--show-toplevel'], { cwd, environment }), environment)
  }

  /** For `git` and `startGit`: standing in the top directory. */
  get call(): Call {
    return { cwd: this.top, environment: this.#environment }
  }

  /** Runs git in the top directory. */
  run(words: readonly string[], options: Pick<Call, 'input' | 'answers'> = {}): Answer {
    return git(words, { ...this.call, ...options })
  }

  /** Path of a file of the top directory. */
  file(name: string): string {
    return join(this.top, name)
  }

  /** Path of the index file that git uses now, which during a commit may be another than `.git/index`. */
  indexFile(): string {
    return resolve(this.top, gitText(['rev-parse', '--git-path', 'index'], this.call))
  }

  /** The directory that all work trees of this repository share. */
  commonDirectory(): string {
    return resolve(this.top, gitText(['rev-parse', '--git-common-dir'], this.call))
  }

  /** The value of `name` in any configuration that git reads here, or undefined. */
  config(name: string): string | undefined {
    return configAt(name, this.call)
  }

  /** Whether there is a commit yet. */
  hasHead(): boolean {
    return this.run(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { answers: [0, 1, 128] }).code === 0
  }

  /** The regular files of the index whose attribute says `filter=tvault`, in the order of git. */
  tracked(): Entry[] {
    return this.#listed(`:(top,attr:filter=${DRIVER})`)
  }

  /**
   * Makes git forget what it noted of the files of `entries` when it last saw them. Without that, a file of another size
   * counts as changed, and no filter is asked.
   */
  forgetFiles(entries: readonly Entry[]): void {
    const lines = entries.flatMap(({ mode, oid, raw }) => [utf8(`${mode} ${oid} 0\t`), raw, Uint8Array.of(0)])
    if (lines.length > 0) this.run(['update-index', '-z', '--index-info'], { input: concat(...lines) })
  }

  #listed(pathspec: string): Entry[] {
    return records(this.run(['ls-files', '--stage', '-v', '-z', '--full-name', '--', pathspec]).out).flatMap(
      (record) => {
        const tab = record.indexOf(0x09)
        const [tag, mode = '', oid = '', stage] = latin1(record.subarray(0, tab)).split(' ')
        if (mode !== '100644' && mode !== '100755') return []
        return [{ ...pathOf(record.slice(tab + 1)), mode, oid, stage: Number(stage), isSetAside: tag !== 'H' }]
      },
    )
  }

  /**
   * Values of the attributes `names` for each path, as git says them (`unspecified`, `unset`, `set`, or a value). With
   * `staged` those that the index says, not the work tree.
   */
  attributes(paths: readonly Uint8Array[], names: readonly string[], { staged = false } = {}): Map<string, string[]> {
    const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.of(0)]))
    const words = ['check-attr', '-z', '--stdin', ...(staged ? ['--cached'] : []), ...names]
    const found = new Map<string, string[]>()
    if (paths.length === 0) return found
    const said = records(this.run(words, { input }).out)
    for (let at = 0; at + 2 < said.length; at += 3) {
      const path = latin1(said[at]!)
      const values = found.get(path) ?? []
      values[names.indexOf(latin1(said[at + 1]!))] = latin1(said[at + 2]!)
      found.set(path, values)
    }
    return found
  }
}

/** A setting where `call` stands, also outside of a work tree; undefined when it is not set or nothing can be asked. */
export function configAt(name: string, call: Call): string | undefined {
  try {
    const { code, out } = git(['config', '--get', name], { ...call, answers: [0, 1] })
    return code === 0 ? (text(out)?.replace(/\n$/, '') ?? undefined) : undefined
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** The pieces of `bytes` that end with NUL. */
export function records(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0, from)
    found.push(bytes.subarray(from, end < 0 ? bytes.length : end))
    from = end < 0 ? bytes.length : end + 1
  }
  return found
}

/** A path of git in its three forms. */
export function pathOf(raw: Uint8Array): Pick<Entry, 'raw' | 'path' | 'isText'> {
  const path = text(raw)
  return { raw, path: path ?? latin1(raw), isText: path !== undefined }
}

/** How a path is shown: control characters as escapes. */
export function shown({ path }: Pick<Entry, 'path'>): string {
  return escaped(path)
}
