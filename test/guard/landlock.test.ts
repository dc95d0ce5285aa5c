// The plan of what is granted, on made-up trees: nothing hidden is ever at or beneath a grant.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { dirname, join } from 'node:path'
import { SYSTEM_GRANTS, handledFiles, hiddenOf, isInside, planGrants, rightsOf } from '../../src/guard/landlock.ts'
import type { Access, Grant, Look } from '../../src/guard/landlock.ts'

/** A tree from paths; `a -> b` is a link. */
function tree(...lines: string[]): Look {
  const links = new Map<string, string>()
  const there = new Set<string>(['/'])
  for (const line of lines) {
    const [path = '', target] = line.split(' -> ')
    if (target !== undefined) links.set(path, target)
    for (let part = path; part !== '/'; part = dirname(part)) there.add(part)
  }
  const real = (path: string): string | undefined => {
    if (path === '/') return '/'
    const parent = real(dirname(path))
    if (parent === undefined) return undefined
    const here = join(parent, path.slice(path.lastIndexOf('/') + 1))
    const target = links.get(here)
    return target === undefined ? (there.has(here) ? here : undefined) : real(target)
  }
  return {
    real,
    entries: (path) =>
      [...there]
        .filter((entry) => entry !== '/' && dirname(entry) === path)
        .map((entry) => ({ name: entry.slice(entry.lastIndexOf('/') + 1), isLink: links.has(entry) })),
  }
}

const grant = (path: string, access: Access = 'write', optional = false): Grant => ({ path, access, optional })
const plan = (look: Look, wanted: readonly Grant[], hidden: readonly string[]): string[] =>
  planGrants(wanted, hidden, look)
    .map(({ path, access }) => `${access} ${path}`)
    .toSorted()

describe('what is granted', () => {
  const home = tree('/home/u/.vault/vault.db', '/home/u/app/src', '/home/u/notes', '/home/u/app/link -> /home/u/.vault')

  test('is what was asked for, when nothing is hidden in it', () => {
    expect(plan(home, [grant('/home/u/app'), grant('/home/u/notes', 'read')], ['/home/u/.vault'])).toEqual([
      'read /home/u/notes',
      'write /home/u/app',
    ])
  })

  test('is what lies beside the way to what is hidden', () => {
    expect(plan(home, [grant('/home/u')], ['/home/u/.vault'])).toEqual(['write /home/u/app', 'write /home/u/notes'])
    expect(plan(home, [grant('/')], ['/home/u/.vault/vault.db'])).toEqual(['write /home/u/app', 'write /home/u/notes'])
  })

  test('leaves out a hidden place that is not there yet, so that it cannot be made', () => {
    expect(plan(home, [grant('/home/u')], ['/home/u/.config/tvault'])).toEqual([
      'write /home/u/.vault',
      'write /home/u/app',
      'write /home/u/notes',
    ])
  })

  test('leaves out where a link leads, and every link on the way', () => {
    const linked = tree('/data/v/vault.db', '/data/w', '/home/u/.vault -> /data/v', '/home/u/app', '/h -> /home')
    expect(plan(linked, [grant('/home/u'), grant('/data')], ['/h/u/.vault'])).toEqual([
      'write /data/w',
      'write /home/u/app',
    ])
    // Who may write to the root could lead /h elsewhere.
    expect(plan(linked, [grant('/')], ['/h/u/.vault'])).toEqual(['write /data/w', 'write /home/u/app'])
  })

  test('never is a link, which would be what it leads to', () => {
    const trap = tree('/w/link -> /etc', '/w/hidden/x', '/w/other', '/etc/passwd')
    expect(plan(trap, [grant('/w')], ['/w/hidden'])).toEqual(['write /w/other'])
  })

  test('is refused inside of what is hidden, and left out when it is optional', () => {
    const inside = (path: string) => () => planGrants([grant(path)], ['/home/u/.vault'], home)
    for (const path of ['/home/u/.vault', '/home/u/.vault/vault.db', '/home/u/app/link']) {
      expect(inside(path)).toThrow(expect.objectContaining({ kind: 'denied' }))
    }
    expect(plan(home, [grant('/home/u/.vault', 'read', true)], ['/home/u'])).toEqual([])
  })

  test('must exist, unless it is optional', () => {
    expect(() => planGrants([grant('/nowhere')], [], home)).toThrow(expect.objectContaining({ kind: 'not_found' }))
    expect(planGrants([grant('/nowhere', 'read', true)], [], home)).toEqual([])
  })

  test('is not mistaken for its neighbour with a longer name', () => {
    const near = tree('/a/vault/x', '/a/vault2', '/a/vaul')
    expect(plan(near, [grant('/a')], ['/a/vault'])).toEqual(['write /a/vaul', 'write /a/vault2'])
    expect([isInside('/a/b', '/a'), isInside('/ab', '/a'), isInside('/a', '/a'), isInside('/a', '/')]).toEqual([
      ...[true, false, true, true],
    ])
  })

  test('a directory with too many files beside what is hidden is not opened up', () => {
    const many: Look = {
      real: (path) => path,
      entries: (path) =>
        path === '/d' ? Array.from({ length: 20_000 }, (_, i) => ({ name: `f${i}`, isLink: false })) : [],
    }
    expect(() => planGrants([grant('/d')], ['/d/hidden'], many)).toThrow('too many files')
  })

  test('law: nothing hidden lies at or beneath a grant, and no grant is a link', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
    const line = fc.oneof(
      path,
      fc.tuple(path, path).map(([from, to]) => `${from}/l -> ${to}`),
    )
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        fc.array(path, { maxLength: 3 }),
        fc.array(path, { maxLength: 3 }),
        (lines, wanted, hidden) => {
          const look = tree(...lines)
          const grants = planGrants(
            wanted.map((one) => grant(one, 'write', true)),
            hidden,
            look,
          )
          for (const { path: granted } of grants) {
            if (look.real(granted) !== granted) return false
            if (
              hidden.some((one) => isInside(look.real(one) ?? one, granted) || isInside(granted, look.real(one) ?? one))
            )
              return false
          }
          return true
        },
      ),
    )
  })
})

describe('rights', () => {
  test('a kernel is never asked for what its version does not know', () => {
    const most = [0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff, 0xffff, 0xffff]
    most.forEach((bits, version) => {
      if (version === 0) return expect(handledFiles(0)).toBe(0)
      expect(handledFiles(version)).toBe(bits)
      for (const access of ['read', 'write', 'device'] as const) {
        for (const isDirectory of [true, false]) expect(rightsOf(access, isDirectory, version) & ~bits).toBe(0)
      }
    })
  })

  test('a file gets no rights of directories, nobody gets devices to make, readers get nothing that changes', () => {
    const [onFiles, makeDevices, changes] = [0b1100000000000111, (1 << 6) | (1 << 11), 0b0111011110110010]
    for (const access of ['read', 'write', 'device'] as const) {
      expect(rightsOf(access, false, 7) & ~onFiles).toBe(0)
      expect(rightsOf(access, true, 7) & makeDevices).toBe(0)
    }
    expect(rightsOf('read', true, 7) & changes).toBe(0)
  })

  test('the system grants no directory of people, and nothing to write but five devices', () => {
    expect(
      SYSTEM_GRANTS.filter(({ path }) => /^\/(?:home|root|tmp|var\/(?:tmp|run)|srv|mnt|media|dev)?$/.test(path)),
    ).toEqual([])
    expect(SYSTEM_GRANTS.filter(({ access }) => access !== 'read').map(({ path }) => path)).toEqual(
      ['null', 'zero', 'full', 'random', 'urandom'].map((name) => `/dev/${name}`),
    )
    expect(hiddenOf(0)).toContain('/etc/shadow')
    expect(hiddenOf(1000)).toEqual([])
  })
})
