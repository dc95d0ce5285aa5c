// Projects: rows by id, found by name. A project's record is bound into the box of its key, so its name cannot be
// changed without the KEK; the rows under it use the id. Nothing here asks the policy or writes audit rows (scope.ts).
import { randomBytes } from '../crypto/random.ts'
import { compareTexts } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { checkDescription, checkProjectName } from '../lib/names.ts'
import { checkMeta } from './gaps.ts'
import { ID_BYTES, KEY_BYTES, MAC_BYTES, META, decodeProject, encodeProject, frame, unframe } from './schema.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import type { ProjectRecord } from './schema.ts'

export interface Project extends ProjectRecord {
  /** 16 bytes. */
  id: Uint8Array
}

/** All projects, sorted bytewise by name. Throws `corrupt`. */
export function allProjects(reader: Reader): Project[] {
  return Array.from(reader.range('projects'), ({ key, value }) => ({ id: key, ...decodeProject(key, value) })).sort(
    (a, b) => compareTexts(a.name, b.name),
  )
}

/** The project called `name`, if there is one. Throws `corrupt`. */
export function findProject(reader: Reader, name: string): Project | undefined {
  for (const { key, value } of reader.range('projects')) {
    const record = decodeProject(key, value)
    if (record.name === name) return { id: key, ...record }
  }
  return undefined
}

/** The project stored as current, or undefined when none is or it is gone. Throws `corrupt`. */
export function currentProject(reader: Reader): Project | undefined {
  const record = reader.get('meta', META.current)
  if (!record) {
    checkMeta(reader)
    return undefined
  }
  const id = unframe('current', META.current, record).slice()
  const row = id.length === ID_BYTES ? reader.get('projects', id) : undefined
  return row && { id, ...decodeProject(id, row) }
}

export function makeCurrent(writer: Writer, project: { id: Uint8Array }): void {
  writer.put('meta', META.current, frame('current', META.current, project.id))
}

/** A new project with a key of its own. Throws `conflict` when the name is taken, `usage` for a bad name. */
export function addProject(
  writer: Writer,
  keys: Keyring,
  project: { name: string; description: string; at: Nanoseconds },
): Project {
  const name = checkProjectName(project.name)
  const description = checkDescription(project.description)
  if (findProject(writer, name)) {
    throw new Failure('conflict', `project ${name} exists already`, { hint: 'tvault projects list' })
  }
  const id = randomBytes(ID_BYTES)
  const key = randomBytes(KEY_BYTES)
  const recipientsMac = new Uint8Array(MAC_BYTES)
  const bare = { name, description, createdAt: project.at, updatedAt: project.at, recipientsMac }
  const record = { ...bare, wrappedKey: keys.wrapProjectKey(id, bare, key) }
  key.fill(0)
  writer.put('projects', id, encodeProject(id, record))
  return { id, ...record }
}

/** Makes `default` the current project, or none when there is no such project. */
export function resetCurrent(writer: Writer): void {
  const fallback = findProject(writer, 'default')
  if (fallback) makeCurrent(writer, fallback)
  else writer.delete('meta', META.current)
}
