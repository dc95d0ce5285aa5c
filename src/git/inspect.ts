// What git has, or is about to take, as plaintext although it is tracked. Needs no identity, so it runs in CI. Blobs are
// judged by their whole form, never by their first bytes; of attributes the work tree and the index both count, since
// either may be what the next `git add` goes by.
import { basename } from 'node:path'
import { latin1 } from '../lib/bytes.ts'
import type { Objects } from './objects.ts'
import { ATTRIBUTES_FILE, DRIVER, pathOf, records, shown } from './repository.ts'
import type { Repository } from './repository.ts'
import { sealedForm } from './seal.ts'

export interface Plain {
  path: string
  where: 'index' | 'HEAD' | 'history'
  /** The commit that brought it, for history. */
  commit?: string
}

export interface Blob {
  raw: Uint8Array
  oid: string
  where: Plain['where']
  commit?: string
}

export interface Inspected {
  /** How many blobs were looked at. */
  blobs: number
  plaintext: Plain[]
  /** Tracked paths whose attributes make git change sealed bytes, with the attribute. */
  unsafe: { path: string; attribute: string }[]
  /** Blobs that this clone does not have. */
  absent: number
}

/** Every tracked path of the index and of HEAD. */
export async function inspectAll(repository: Repository, objects: Objects): Promise<Inspected> {
  const index = onlyTracked(repository, filesOfIndex(repository))
  const known = new Set(index.map(({ raw, oid }) => `${oid} ${latin1(raw)}`))
  const head = repository.hasHead() ? filesOfHead(repository) : []
  const tracked = onlyTracked(repository, head)
  const fresh = tracked.filter(({ raw, oid }) => !known.has(`${oid} ${latin1(raw)}`))
  return inspect(repository, objects, [...index, ...fresh])
}

/** The tracked paths among those that the next commit changes; all of the index when it also changes what is tracked. */
export async function inspectStaged(
  repository: Repository,
  objects: Objects,
  changed: readonly Blob[],
): Promise<Inspected> {
  const all = changed.some(({ raw }) => basename(latin1(raw)) === ATTRIBUTES_FILE)
  return inspect(repository, objects, onlyTracked(repository, all ? filesOfIndex(repository) : changed))
}

/** Paths that the next commit changes or adds, links and submodules left out. */
export function stagedChanges(repository: Repository): Blob[] {
  const words = ['diff', '--cached', '--raw', '-z', '--no-abbrev', '--no-renames', '--no-ext-diff', '--diff-filter=d']
  return changesIn(records(repository.run([...words, '--ignore-submodules']).out)).map((change) => ({
    ...change,
    where: 'index',
  }))
}

/** Every blob that any branch, tag or stash ever had at the tracked paths that `patterns` of .gitattributes mean. */
export async function inspectHistory(
  repository: Repository,
  objects: Objects,
  patterns: readonly string[],
): Promise<Inspected> {
  if (patterns.length === 0) return inspect(repository, objects, [])
  const words = ['log', '--all', '--full-history', '-m', '--raw', '-z', '--no-abbrev', '--no-renames', '--no-ext-diff']
  const specs = patterns.map(pathspec)
  const { out } = repository.run([...words, '--format=%H', '--diff-filter=d', '--ignore-submodules', '--', ...specs])
  const found = new Map<string, Blob>()
  for (const change of changesIn(records(out))) {
    // From the newest to the oldest: the last commit that is seen is the one that brought it.
    found.set(`${change.oid} ${latin1(change.raw)}`, { ...change, where: 'history' })
  }
  return { ...(await inspect(repository, objects, [...found.values()])), unsafe: [] }
}

/** The changes among the NUL-ended records of `--raw -z`, with the commit whose hash stands before them. */
function changesIn(all: readonly Uint8Array[]): Omit<Blob, 'where'>[] {
  const found: Omit<Blob, 'where'>[] = []
  let commit: string | undefined
  for (let at = 0; at < all.length; at++) {
    const record = latin1(all[at]!).trim()
    if (/^[0-9a-f]{40,64}$/.test(record)) commit = record
    const change = /^:+\d+ (\d+) [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*$/.exec(record)
    const raw = all[at + 1]
    if (!change || raw === undefined) continue
    at += 1
    if (isFile(change[1]!)) found.push({ raw: raw.slice(), oid: change[2]!, ...(commit !== undefined && { commit }) })
  }
  return found
}

async function inspect(repository: Repository, objects: Objects, blobs: readonly Blob[]): Promise<Inspected> {
  const inspected: Inspected = { blobs: blobs.length, plaintext: [], unsafe: [], absent: 0 }
  for (const { raw, oid, where, commit } of blobs) {
    const found = await objects.find(oid)
    if (!found) inspected.absent += 1
    else if (found.bytes.length > 0 && !sealedForm(found.bytes))
      inspected.plaintext.push({ path: shown(pathOf(raw)), where, ...(commit && { commit }) })
  }
  inspected.unsafe = unsafeAttributes(repository, [...new Map(blobs.map(({ raw }) => [latin1(raw), raw])).values()])
  return inspected
}

/** Attributes by which git would change sealed bytes: line ends, encodings, and $Id$. */
function unsafeAttributes(repository: Repository, paths: readonly Uint8Array[]): Inspected['unsafe'] {
  const names = ['text', 'eol', 'working-tree-encoding', 'ident']
  const off = new Set(['unspecified', 'unset'])
  return [...repository.attributes(paths, names)].flatMap(
    ([path, [text = '', eol = '', encoding = '', ident = '']]) => {
      const attribute =
        text !== 'auto' && !off.has(text)
          ? 'text'
          : text === 'unspecified' && !off.has(eol)
            ? 'eol'
            : !off.has(encoding)
              ? 'working-tree-encoding'
              : off.has(ident)
                ? undefined
                : 'ident'
      return attribute === undefined ? [] : [{ path: shown(pathOf(Buffer.from(path, 'latin1'))), attribute }]
    },
  )
}

/** Those that the attributes of the work tree or of the index track. */
export function onlyTracked(repository: Repository, blobs: readonly Blob[]): Blob[] {
  const paths = blobs.map(({ raw }) => raw)
  const [now, staged] = [false, true].map((which) => repository.attributes(paths, ['filter'], { staged: which }))
  return blobs.filter(({ raw }) => {
    const path = latin1(raw)
    return now?.get(path)?.[0] === DRIVER || staged?.get(path)?.[0] === DRIVER
  })
}

function filesOfIndex(repository: Repository): Blob[] {
  return listed(repository.run(['ls-files', '--stage', '-z', '--full-name']).out, 1, 'index')
}

function filesOfHead(repository: Repository): Blob[] {
  return listed(repository.run(['ls-tree', '-r', '-z', '--full-tree', 'HEAD']).out, 2, 'HEAD')
}

/** Lines `mode … oid … TAB path`; the oid is word number `oidAt`. */
function listed(out: Uint8Array, oidAt: number, where: Plain['where']): Blob[] {
  return records(out).flatMap((record) => {
    const tab = record.indexOf(0x09)
    const words = latin1(record.subarray(0, tab)).split(' ')
    return isFile(words[0] ?? '') ? [{ raw: record.slice(tab + 1), oid: words[oidAt] ?? '', where }] : []
  })
}

function isFile(mode: string): boolean {
  return mode === '100644' || mode === '100755'
}

/** A pattern of .gitattributes in the top directory as a pathspec: the same wild cards, and no slash means any folder. */
function pathspec(pattern: string): string {
  const anchored = pattern.slice(0, -1).includes('/')
  return `:(top,glob)${anchored ? pattern.replace(/^\//, '') : `**/${pattern}`}`
}
