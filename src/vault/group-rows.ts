// Environment groups: rows by name. A group is an ordered list of environments, each a project under another name and
// perhaps with a base that it inherits from. Names are in the clear; a mac under a key of the vault tells whether
// anybody but the owner changed a row. Bases are stored by position, so none can point at nothing.
import { LABELS, mac } from '../crypto/keys.ts'
import { compare, concat, equalConstantTime, text, u64, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { checkDescription, isGroupName, isKey } from '../lib/names.ts'
import { bind } from './boxes.ts'
import { Cursor } from './cursor.ts'
import { ID_BYTES, MAC_BYTES, damaged, decodeProject, frame, short, u16, unframe } from './schema.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import type { Project } from './projects.ts'

export const MAX_ENVIRONMENTS = 1000
const NO_BASE = 0xffff

export interface Environment {
  name: string
  /** Id of its project, 16 bytes. */
  project: Uint8Array
  /** Name of the environment in the same group that it inherits from. */
  base: string | undefined
}

/** A key that `pin` copied into an environment. It is still that copy while the secret was created `at` this time. */
export interface Pin {
  environment: string
  key: string
  at: Nanoseconds
}

export interface Group {
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  environments: readonly Environment[]
  pins: readonly Pin[]
}

/** A group as it was read, with the mac that stands in its row. */
export type StoredGroup = Group & { mac: Uint8Array }

/**
 * Body: mac (32), created u64, updated u64, description (u16 length), count u16, environments, count u16, pins. An
 * environment: name (u16 length), project id (16), position of its base u16 or 0xffff. A pin: position of the
 * environment u16, key (u16 length), time u64. Place: the name of the group.
 */
function encodeBody(group: Group): Uint8Array {
  const position = (name: string): number => group.environments.findIndex((one) => one.name === name)
  const environments = group.environments.map(({ name, project, base }) =>
    concat(short(name), project, u16(base === undefined ? NO_BASE : position(base))),
  )
  const pins = group.pins.map(({ environment, key, at }) => concat(u16(position(environment)), short(key), u64(at)))
  const head = concat(u64(group.createdAt), u64(group.updatedAt), short(group.description))
  return concat(head, u16(environments.length), ...environments, u16(pins.length), ...pins)
}

/** The group in the row with key `place`. Its mac is not checked. Throws `corrupt`. */
export function decodeGroup(place: Uint8Array, record: Uint8Array): StoredGroup {
  const cursor = new Cursor(unframe('group', place, record), 'the record of an environment group')
  const name = text(place)
  const mac = cursor.bytes(MAC_BYTES)
  const [createdAt, updatedAt, description] = [cursor.u64(), cursor.u64(), cursor.short()]
  const listed = Array.from({ length: cursor.u16() }, () => ({
    name: cursor.short(),
    project: cursor.bytes(ID_BYTES),
    base: cursor.u16(),
  }))
  const nameAt = (position: number): string => {
    const found = listed[position]
    if (!found) throw cursor.damage()
    return found.name
  }
  const pins = Array.from({ length: cursor.u16() }, () => ({
    environment: nameAt(cursor.u16()),
    key: cursor.short(),
    at: cursor.u64(),
  }))
  cursor.end()
  const environments = listed.map(({ base, ...one }) => ({ ...one, base: base === NO_BASE ? undefined : nameAt(base) }))
  if (name === undefined || !isGroupName(name) || !isDescription(description)) throw cursor.damage()
  if (new Set(environments.map((one) => one.name)).size !== environments.length) throw cursor.damage()
  if (!environments.every((one) => isGroupName(one.name)) || !pins.every(({ key }) => isKey(key))) throw cursor.damage()
  return { name, description, createdAt, updatedAt, environments, pins, mac }
}

/** Writes the row of a group. Its rules are those of groups.ts, and are not checked here. */
export function putGroup(writer: Writer, keys: Keyring, vaultId: string, group: Group): void {
  const place = utf8(group.name)
  writer.put('groups', place, frame('group', place, concat(groupMac(keys, vaultId, group), encodeBody(group))))
}

/** Throws `corrupt` when anybody but the owner changed the group. */
export function checkGroup(keys: Keyring, vaultId: string, group: StoredGroup): void {
  if (equalConstantTime(groupMac(keys, vaultId, group), group.mac)) return
  throw new Failure('corrupt', `environment group ${group.name} was changed by somebody else`, {
    hint: 'the row was tampered with; restore a backup, or delete the group and make it again',
  })
}

function groupMac(keys: Keyring, vaultId: string, group: Group): Uint8Array {
  const key = keys.derived('group', utf8(vaultId))
  const sum = mac(key, bind(LABELS.group, utf8(vaultId), utf8(group.name), encodeBody(group)))
  key.fill(0)
  return sum
}

/** All groups, sorted bytewise by name; no mac is checked. Throws `corrupt`. */
export function allGroups(reader: Reader): StoredGroup[] {
  return Array.from(reader.range('groups'), ({ key, value }) => decodeGroup(key, value))
}

/** The group called `name`, if there is one; its mac is not checked. Throws `corrupt`, also for damage to another one's name. */
export function findGroup(reader: Reader, name: string): StoredGroup | undefined {
  return allGroups(reader).find((group) => group.name === name)
}

/** The environment called `name` and its bases, nearest first; undefined when there is none. Throws `corrupt` for a circle. */
export function chain(group: Group, name: string): Environment[] | undefined {
  const links: Environment[] = []
  for (let next: string | undefined = name; next !== undefined; next = links.at(-1)?.base) {
    const found = group.environments.find((one) => one.name === next)
    if (!found) return undefined
    if (links.includes(found)) throw damaged(`environment group ${group.name}: ${name} inherits from itself; it`)
    links.push(found)
  }
  return links
}

/** The project of an environment. Throws `corrupt` when it is gone, which no command can bring about. */
export function projectOfEnvironment(reader: Reader, group: Group, { name, project }: Environment): Project {
  const record = reader.get('projects', project)
  if (record) return { id: project, ...decodeProject(project, record) }
  throw damaged(`environment group ${group.name}: the project of ${name} is gone; it`)
}

/** The environments of `groups` that are the project with this id. */
export function environmentsOf(groups: readonly Group[], project: Uint8Array): { group: Group; environment: string }[] {
  return groups.flatMap((group) =>
    group.environments
      .filter((one) => compare(one.project, project) === 0)
      .map(({ name }) => ({ group, environment: name })),
  )
}

function isDescription(description: string): boolean {
  try {
    checkDescription(description)
    return true
  } catch {
    return false
  }
}
