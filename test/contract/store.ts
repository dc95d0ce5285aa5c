// The promises of store.ts as a suite over any backend. `make` returns an empty store with the tables `a` and `b`.
import { afterEach, describe, expect, test } from 'bun:test'
import { text, utf8 } from '../../src/lib/bytes.ts'
import type { Reader, Store, Writer } from '../../src/store/store.ts'

export const CONTRACT_TABLES = ['a', 'b']

const put = (writer: Writer, key: string, value = key): void => writer.put('a', utf8(key), utf8(value))
const value = (reader: Reader, key: string): string | undefined => {
  const bytes = reader.get('a', utf8(key))
  return bytes && text(bytes)
}
const names = (keys: Iterable<Uint8Array>): string[] => [...keys].map((key) => text(key) ?? '?')

export function storeSuite(backend: string, make: () => Promise<Store>): void {
  describe(`store contract: ${backend}`, () => {
    const opened: Store[] = []
    const store = async (): Promise<Store> => {
      const made = await make()
      opened.push(made)
      return made
    }
    afterEach(async () => {
      for (const made of opened.splice(0)) await made.close()
    })

    test('rows come back as they went in, also empty and binary ones', async () => {
      const it = await store()
      const binary = Uint8Array.from({ length: 256 }, (_, index) => index)
      it.commit((writer) => {
        writer.put('a', binary, new Uint8Array(0))
        writer.put('a', Uint8Array.of(0), binary)
        writer.put('b', Uint8Array.of(0), new Uint8Array(300_000).fill(7))
      })
      expect(it.get('a', binary)).toEqual(new Uint8Array(0))
      expect(it.get('a', Uint8Array.of(0))).toEqual(binary)
      expect(it.get('b', Uint8Array.of(0))).toEqual(new Uint8Array(300_000).fill(7))
      expect(it.get('a', utf8('nothing'))).toBeUndefined()
      expect([it.count('a'), it.count('b')]).toEqual([2, 1])
    })

    test('what is returned belongs to the caller', async () => {
      const it = await store()
      const mine = utf8('value')
      it.commit((writer) => writer.put('a', utf8('k'), mine))
      mine.fill(0)
      it.get('a', utf8('k'))?.fill(0)
      for (const row of it.range('a')) row.value.fill(0)
      expect(value(it, 'k')).toBe('value')
    })

    test('ranges: from inclusive, to exclusive, both directions, limited', async () => {
      const it = await store()
      it.commit((writer) => ['d', 'a', 'c', 'b', 'e'].forEach((key) => put(writer, key)))
      const range = { from: utf8('b'), to: utf8('d') }
      expect(names(it.keys('a'))).toEqual(['a', 'b', 'c', 'd', 'e'])
      expect(names(it.keys('a', range))).toEqual(['b', 'c'])
      expect(names(it.keys('a', { ...range, reverse: true }))).toEqual(['c', 'b'])
      expect(names(it.keys('a', { to: utf8('c'), reverse: true, limit: 1 }))).toEqual(['b'])
      expect(names(it.keys('a', { from: utf8('bb'), limit: 2 }))).toEqual(['c', 'd'])
      for (const [from, to, count] of [
        ['b', 'd', 2],
        ['bb', 'e', 2],
        ['a', 'f', 5],
        ['', 'a', 0],
        ['e', 'zz', 1],
        ['d', 'b', 0],
        ['f', 'g', 0],
      ] as const) {
        const span = { from: utf8(from), to: utf8(to) }
        expect([from, to, it.count('a', span), names(it.keys('a', span)).length]).toEqual([from, to, count, count])
      }
      expect([it.count('a', { from: utf8('c') }), it.count('a', { to: utf8('c') }), it.count('a', {})]).toEqual([
        3, 2, 5,
      ])
      expect(names(it.keys('a', { from: utf8('d'), to: utf8('b') }))).toEqual([])
      expect([...it.range('a', { limit: 1 })].map((row) => [text(row.key), text(row.value)])).toEqual([['a', 'a']])
      expect(names(it.keys('b'))).toEqual([])
    })

    test('a commit sees its own rows and returns its result', async () => {
      const it = await store()
      const seen = it.commit((writer) => {
        put(writer, 'x')
        writer.delete('a', utf8('missing'))
        return [value(writer, 'x'), names(writer.keys('a'))]
      })
      expect(seen).toEqual(['x', ['x']])
    })

    test('a commit that throws leaves nothing and tells why', async () => {
      const it = await store()
      it.commit((writer) => put(writer, 'old'))
      const fail = () =>
        it.commit((writer) => {
          put(writer, 'new')
          writer.delete('a', utf8('old'))
          throw new Error('changed my mind')
        })
      expect(fail).toThrow('changed my mind')
      expect(names(it.keys('a'))).toEqual(['old'])
    })

    test('a commit inside a commit sees the outer rows and is undone alone', async () => {
      const it = await store()
      it.commit((writer) => {
        put(writer, 'outer')
        expect(() =>
          it.commit((inner) => {
            put(inner, 'undone')
            throw new Error('no')
          }),
        ).toThrow('no')
        it.commit((inner) => {
          expect([value(inner, 'outer'), value(inner, 'undone')]).toEqual(['outer', undefined])
          expect(it.snapshot((reader) => value(reader, 'outer'))).toBe('outer')
          put(inner, 'kept')
        })
      })
      expect(names(it.keys('a'))).toEqual(['kept', 'outer'])
    })

    test('the same state means the same rows, and every commit makes another one', async () => {
      const it = await store()
      const before = it.state()
      expect(it.state()).toBe(before)
      it.commit((writer) => put(writer, 'one'))
      const after = it.state()
      // A store that cannot tell says so every time.
      expect(after === before).toBe(before === undefined)
      it.commit(() => expect(it.state()).toBeUndefined())
      await it.replace(
        () => undefined,
        () => undefined,
      )
      if (after !== undefined) expect([before, after]).not.toContain(it.state())
    })

    test('a commit inside one that throws leaves nothing', async () => {
      const it = await store()
      const fail = () =>
        it.commit(() => {
          it.commit((inner) => put(inner, 'x'))
          throw new Error('no')
        })
      expect(fail).toThrow('no')
      expect(names(it.keys('a'))).toEqual([])
      it.commit((writer) => put(writer, 'next'))
      expect(names(it.keys('a'))).toEqual(['next'])
    })

    test('what was reserved is used by commits and replacements, and is had by one at a time', async () => {
      const it = await store()
      const release = it.reserve()
      expect(release).toBeFunction()
      expect(it.reserve()).toBeUndefined()
      it.commit((writer) => put(writer, 'one'))
      it.commit((writer) => put(writer, 'two'))
      await it.replace(
        (from, to) => {
          for (const { key, value: bytes } of from.range('a')) to.put('a', key, bytes)
        },
        () => undefined,
      )
      expect(it.reserve()).toBeUndefined()
      release?.()
      it.reserve()?.()
      it.commit((writer) => put(writer, 'three'))
      expect(names(it.keys('a'))).toEqual(['one', 'three', 'two'])
    })

    test('deleted rows are gone', async () => {
      const it = await store()
      it.commit((writer) => put(writer, 'x'))
      it.commit((writer) => writer.delete('a', utf8('x')))
      expect(value(it, 'x')).toBeUndefined()
      expect(it.count('a')).toBe(0)
    })

    test('replace builds from the present rows and can drop some', async () => {
      const it = await store()
      it.commit((writer) => ['keep', 'drop'].forEach((key) => put(writer, key)))
      await it.replace(
        (from, to) => {
          for (const row of from.range('a')) if (text(row.key) !== 'drop') to.put('a', row.key, row.value)
        },
        (fresh) => expect(names(fresh.keys('a'))).toEqual(['keep']),
      )
      expect(names(it.keys('a'))).toEqual(['keep'])
      it.commit((writer) => put(writer, 'later'))
      expect(names(it.keys('a'))).toEqual(['keep', 'later'])
    })

    test('a replace that fails in build or verify changes nothing', async () => {
      const it = await store()
      it.commit((writer) => put(writer, 'x'))
      const no = () => {
        throw new Error('no')
      }
      expect(it.replace(no, () => {})).rejects.toThrow('no')
      expect(it.replace(() => {}, no)).rejects.toThrow('no')
      expect(names(it.keys('a'))).toEqual(['x'])
      it.commit((writer) => put(writer, 'y'))
      expect(it.count('a')).toBe(2)
    })

    test('closing twice is harmless', async () => {
      const it = await store()
      await it.close()
      await it.close()
    })
  })
}
