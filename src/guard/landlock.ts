// Which files a confined program reaches, as rules for Landlock. Landlock only knows what is allowed beneath a
// directory, so a hidden path inside an allowed directory is kept out by allowing everything beside it instead.
// Pure: the kernel is asked elsewhere (lib/native-sandbox.ts). The rule: a path that was not granted is not reached.
import { basename, dirname, join } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'

/** `read`: read, list and execute. `write`: that, and create, change, remove and rename. `device`: read and write one file. */
export type Access = 'read' | 'write' | 'device'

export interface Grant {
  path: string
  access: Access
  /** Left out when it does not exist. */
  optional: boolean
}

/** The parts of a file system that a plan looks at. */
export interface Look {
  /** `path` without any symbolic link, or undefined when it does not exist. */
  real(path: string): string | undefined
  /** What lies directly in a directory; nothing for anything else. */
  entries(path: string): readonly { name: string; isLink: boolean }[]
}

// Bits of LANDLOCK_ACCESS_FS_*, with the version of the interface that brought them.
const EXECUTE = 1 << 0
const WRITE_FILE = 1 << 1
const READ_FILE = 1 << 2
const READ_DIR = 1 << 3
const REMOVE_DIR = 1 << 4
const REMOVE_FILE = 1 << 5
const MAKE_CHAR = 1 << 6
const MAKE_DIR = 1 << 7
const MAKE_REG = 1 << 8
const MAKE_SOCK = 1 << 9
const MAKE_FIFO = 1 << 10
const MAKE_BLOCK = 1 << 11
const MAKE_SYM = 1 << 12
const [REFER, REFER_SINCE] = [1 << 13, 2] as const
const [TRUNCATE, TRUNCATE_SINCE] = [1 << 14, 3] as const
const [IOCTL_DEV, IOCTL_DEV_SINCE] = [1 << 15, 5] as const

const READ = EXECUTE | READ_FILE | READ_DIR
const CHANGE =
  WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM | REFER | TRUNCATE
/** What the kernel takes for something that is not a directory; it refuses a rule with more. */
const ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

/** Versions of the interface from which on it knows TCP ports, and signals and abstract sockets. */
export const PORTS_SINCE = 4
export const SCOPES_SINCE = 6

export const BIND_TCP = 1
export const CONNECT_TCP = 2
export const SCOPE_ABSTRACT_SOCKETS = 1
export const SCOPE_SIGNALS = 2

/** All kinds of access to files that version `version` can refuse. Nobody is granted devices to make. */
export function handledFiles(version: number): number {
  if (version < 1) return 0
  return known(READ | CHANGE | MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV, version)
}

/** The bits of `access` for a directory or another file, as far as version `version` knows them. */
export function rightsOf(access: Access, isDirectory: boolean, version: number): number {
  const rights = {
    read: READ,
    write: READ | CHANGE,
    device: READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV,
  }[access]
  return known(isDirectory ? rights : rights & ON_FILES, version)
}

function known(rights: number, version: number): number {
  let left = rights
  if (version < REFER_SINCE) left &= ~REFER
  if (version < TRUNCATE_SINCE) left &= ~TRUNCATE
  if (version < IOCTL_DEV_SINCE) left &= ~IOCTL_DEV
  return left
}

/** Directories of programs, their libraries and settings. Whatever a distribution does not have is left out. */
const SYSTEM = [
  ...[
    '/usr',
    '/bin',
    '/sbin',
    '/lib',
    '/lib32',
    '/lib64',
    '/libx32',
    '/opt',
    '/etc',
    '/nix/store',
    '/gnu/store',
    '/snap',
  ],
  ...['/var/lib/ca-certificates', '/run/systemd/resolve', '/run/resolvconf', '/run/NetworkManager/resolv.conf'],
  ...['/proc', '/sys/devices/system', '/sys/fs/cgroup', '/sys/kernel/mm/transparent_hugepage'],
]
const DEVICES = ['/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom']
/** Of these only root could read any; a program that it starts does not need them. */
const HIDDEN_OF_ROOT = [
  ...['shadow', 'shadow-', 'gshadow', 'gshadow-', 'sudoers', 'sudoers.d'].map((name) => `/etc/${name}`),
  ...['rsa', 'ecdsa', 'ed25519'].map((kind) => `/etc/ssh/ssh_host_${kind}_key`),
]

/** What every confined program may read. */
export const SYSTEM_GRANTS: readonly Grant[] = [
  ...SYSTEM.map((path): Grant => ({ path, access: 'read', optional: true })),
  ...DEVICES.map((path): Grant => ({ path, access: 'device', optional: true })),
]

/** What is hidden in addition, for a user with this number. */
export function hiddenOf(uid: number): readonly string[] {
  return uid === 0 ? HIDDEN_OF_ROOT : []
}

/** A directory with more entries beside a hidden path than this is not opened up. */
const MOST_GRANTS = 16_384

/**
 * The grants to make so that all of `wanted` is reached and nothing at or beneath `hidden`, whether that exists yet or
 * not. Where a hidden path lies inside a granted directory, that directory itself is neither listed nor changed: only
 * what lay beside the way to the hidden path at this moment is granted. Symbolic links are granted by where they lead.
 * Throws `denied` when something that is not optional lies inside a hidden path, `not_found` when it does not exist.
 */
export function planGrants(wanted: readonly Grant[], hidden: readonly string[], look: Look): Grant[] {
  const out = hidden.flatMap((path) => placesOf(path, look))
  const grants = new Map<string, Grant>()
  const add = (grant: Grant): void => {
    if (grants.size >= MOST_GRANTS) {
      throw new Failure(
        'failed',
        `there are too many files beside what is hidden in ${printable(dirname(grant.path))}`,
        {
          hint: 'grant directories that hold less',
        },
      )
    }
    const key = `${grant.access} ${grant.path}`
    const present = grants.get(key)
    if (!present || present.optional) grants.set(key, grant)
  }
  const open = (grant: Grant): void => {
    if (out.some((path) => isInside(grant.path, path))) return
    if (!out.some((path) => isInside(path, grant.path))) return add(grant)
    for (const { name, isLink } of look.entries(grant.path)) {
      // A rule for a link would be one for what it points to.
      if (!isLink) open({ path: join(grant.path, name), access: grant.access, optional: true })
    }
  }
  for (const grant of wanted) {
    const path = look.real(grant.path)
    if (path === undefined) {
      if (grant.optional) continue
      throw new Failure('not_found', `${printable(grant.path)} does not exist`)
    }
    if (!grant.optional && out.some((secret) => isInside(path, secret))) {
      throw new Failure('denied', `${printable(grant.path)} lies in a directory that is hidden from programs`)
    }
    open({ ...grant, path })
  }
  return [...grants.values()]
}

/** Whether `path` is `directory` or lies beneath it. Both are absolute and without links. */
export function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`)
}

/** Where `path` leads, and every link on the way there: who can replace one of these, leads it elsewhere. */
function placesOf(path: string, look: Look): string[] {
  const places = [realAsFarAsPossible(path, look)]
  for (let part = path; dirname(part) !== part; part = dirname(part)) {
    const here = join(realAsFarAsPossible(dirname(part), look), basename(part))
    const real = look.real(part)
    if (real !== undefined && real !== here) places.push(here)
  }
  return places
}

/** `path` with the links in the part of it that exists resolved. */
function realAsFarAsPossible(path: string, look: Look): string {
  const real = look.real(path)
  if (real !== undefined) return real
  const parent = dirname(path)
  return parent === path ? path : join(realAsFarAsPossible(parent, look), path.slice(parent.length))
}
