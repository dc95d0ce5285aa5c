// Floors, siblings and circles. Every guard first shows that it sees the house, then that it sees a planted fault.
import { describe, expect, test } from 'bun:test'
import { circles, floorFaults, FLOORS, siblingFaults } from './floors.ts'
import { importsOf, plant, readHouse, roomOf } from './house.ts'

const house = readHouse()

describe('the reader of the house', () => {
  test('sees files, rooms and imports', () => {
    expect(house.size).toBeGreaterThan(40)
    const rooms = new Set([...house.keys()].map(roomOf))
    for (const room of ['lib', 'crypto', 'store', 'vault', 'formats', 'faces', 'commands', 'modes/cli', 'main'])
      expect(rooms).toContain(room)
    expect(importsOf('src/lib/out.ts', house.get('src/lib/out.ts')!)).toContainEqual({
      specifier: './errors.ts',
      target: 'src/lib/errors.ts',
      kind: 'value',
    })
  })

  test('sees every form of import, and none in comments or strings', () => {
    const text = [
      "import a from './a.ts'",
      'import {\n  b,\n  c,\n} from "./b.ts"',
      "import type { D } from './d.ts'",
      "import './e.ts'",
      "export { f } from './f.ts'",
      "const g = await import('./g.ts')",
      "new Worker(new URL('./h.ts', import.meta.url))",
      "import p from './i.bin' with { type: 'file' }",
      "// import no from './no.ts'",
      "/* import('./no.ts') */",
    ].join('\n')
    const found = importsOf('src/lib/x.ts', text).map(({ specifier, kind }) => `${kind} ${specifier}`)
    expect(found.toSorted()).toEqual(
      [
        'value ./a.ts',
        'value ./b.ts',
        'type ./d.ts',
        'value ./e.ts',
        'value ./f.ts',
        'dynamic ./g.ts',
        'dynamic ./h.ts',
        'value ./i.bin',
      ].toSorted(),
    )
  })
})

describe('floors', () => {
  test('nothing looks up, and packages come through their doors', () => expect(floorFaults(house)).toEqual([]))

  test.each([
    ['src/lib/bytes.ts', "import { Vault } from '../vault/vault.ts'"],
    ['src/lib/bytes.ts', "import type { View } from '../vault/view.ts'"],
    ['src/vault/vault.ts', "import { openLmdb } from '../store/lmdb.ts'"],
    ['src/commands/get.ts', "import { Vault } from '../vault/vault.ts'"],
    ['src/commands/get.ts', "const { openLmdb } = await import('../store/lmdb.ts')"],
    ['src/context.ts', "import { openLmdb } from './store/lmdb.ts'"],
    ['src/lib/bytes.ts', "import { open } from 'lmdb'"],
    ['src/commands/get.ts', "import { password } from '@clack/prompts'"],
    ['src/vault/vault.ts', "import { dlopen } from 'bun:ffi'"],
    ['src/attic/thing.ts', "import { x } from '../lib/bytes.ts'"],
    ['src/lib/bytes.ts', "import { x } from './not-there.ts'"],
  ])('a planted look from %s (%s) is caught', (path, line) => {
    expect(floorFaults(plant(house, path, line)).length).toBeGreaterThan(floorFaults(house).length)
  })

  test('the table names only rooms', () => {
    const named = Object.values(FLOORS).flatMap((floor) => [
      ...floor.values,
      ...(floor.types ?? []),
      ...(floor.later ?? []),
    ])
    for (const room of named) expect([...Object.keys(FLOORS), 'topics']).toContain(room)
  })
})

describe('siblings and barrels', () => {
  test('commands do not know each other, and no file only passes others on', () =>
    expect(siblingFaults(house)).toEqual([]))

  test('planted ones are caught', () => {
    expect(siblingFaults(plant(house, 'src/commands/get.ts', "import set from './set.ts'"))).toHaveLength(1)
    expect(siblingFaults(plant(house, 'src/commands/get.ts', "import { commands } from './index.ts'"))).toHaveLength(1)
    expect(siblingFaults(plant(house, 'src/lib/index.ts', "export * from './bytes.ts'"))).toHaveLength(1)
  })
})

describe('circles', () => {
  test('there are none', () => expect(circles(house)).toEqual([]))

  test('a circle of values, of types and of later imports is caught', () => {
    for (const line of [
      "import { out } from './out.ts'",
      "import type { out } from './out.ts'",
      "const later = () => import('./out.ts')",
    ]) {
      expect(circles(plant(house, 'src/lib/errors.ts', line)).join()).toContain('src/lib/errors.ts')
    }
  })
})
