import { failure, failureOf } from '../failure.ts'
import { describe, expect, test } from 'bun:test'
import { BACKENDS, get, made, put, secret, shown, rows, expectKind, passphrase, owner } from './fixture.ts'
import { historyKey, secretKey } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'

for (const { name, open } of BACKENDS) {
  const { store, vault, view } = made(await open())
  const other = made(await open())
  describe(name, () => {
    describe('versions', () => {
      test('a new key is version 1, overwriting counts up and keeps the creation time', () => {
        expect(put(view, 'COUNT', 'one')).toBe(1)
        const [first] = view.history('default', 'COUNT')
        expect(view.write('default', 'COUNT', secret('two'))).toEqual({ key: 'COUNT', version: 2, change: 'updated' })
        expect(get(view, 'COUNT')).toBe('two')
        expect(get(view, 'COUNT', 1)).toBe('one')
        expect(get(view, 'COUNT', 2)).toBe('two')
        const history = view.history('default', 'COUNT')
        expect(history.map((info) => info.version)).toEqual([1, 2])
        expect(history.map((info) => info.createdAt)).toEqual([first!.createdAt, first!.createdAt])
        expect(history[0]).toEqual(first!)
      })

      test('the archived row is the old row, byte for byte', () => {
        put(view, 'VERBATIM', 'old')
        const id = rows(store, 'projects')[0]!.key
        const old = store.get('secrets', secretKey(id, 'VERBATIM'))!
        put(view, 'VERBATIM', 'new')
        expect(store.get('history', historyKey(id, 'VERBATIM', 1))).toEqual(old)
      })

      test('writing an equal value makes a version, importing one does not', () => {
        put(view, 'EQUAL', 'same')
        expect(put(view, 'EQUAL', 'same')).toBe(2)
        const entries = [
          { key: 'EQUAL', value: secret('same') },
          { key: 'FRESH', value: secret('new') },
        ]
        const before = rows(store, 'secrets').length
        expect(view.writeMany('default', entries, { overwrite: true })).toEqual({
          written: [
            { key: 'EQUAL', version: 2, change: 'unchanged' },
            { key: 'FRESH', version: 1, change: 'created' },
          ],
          skipped: [],
        })
        expect(rows(store, 'secrets').length).toBe(before + 1)
        expect(view.history('default', 'EQUAL').length).toBe(2)
      })

      test('rollback makes a new version, also of the current one', () => {
        put(view, 'BACK', 'a')
        put(view, 'BACK', 'b')
        expect(view.rollback('default', 'BACK', 1)).toEqual({ key: 'BACK', version: 3, change: 'updated' })
        expect(get(view, 'BACK')).toBe('a')
        expect(view.rollback('default', 'BACK', 3).version).toBe(4)
        expect([1, 2, 3, 4].map((version) => get(view, 'BACK', version))).toEqual(['a', 'b', 'a', 'a'])
      })

      test('a key made again after deletion starts at 1', async () => {
        put(view, 'AGAIN', 'x')
        put(view, 'AGAIN', 'y')
        await view.delete('default', ['AGAIN'])
        expect(put(view, 'AGAIN', 'z')).toBe(1)
        expectKind(() => get(view, 'AGAIN', 2), 'not_found')
      })

      test('a clock that was set back does not turn times around', () => {
        const clock = Date.now
        try {
          Date.now = () => 2_000_000_000_000
          put(view, 'CLOCK', 'later')
          Date.now = () => 1_000_000_000_000
          put(view, 'CLOCK', 'earlier')
        } finally {
          Date.now = clock
        }
        const [one, two] = view.history('default', 'CLOCK')
        expect(two!.updatedAt).toBe(one!.updatedAt)
        expect(two!.createdAt).toBe(one!.createdAt)
        const times = view.audit({ limit: 1000 }).map((entry) => entry.timestamp)
        expect(times.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0))).toEqual(times)
        view.verifyAudit()
      })
    })

    describe('many at once, while somebody else writes', () => {
      const entries = ['MANY_OLD', 'MANY_NEW'].map((key) => ({ key, value: secret('of many') }))
      /** What comes out when `meanwhile` happens after all was made ready, and how often an entry was worked on. */
      const whileWriting = (meanwhile: () => void, overwrite = true) => {
        let worked = 0
        const progress = (): void => {
          if (++worked === entries.length) meanwhile()
        }
        return { ...view.writeMany('default', entries, { overwrite, progress }), worked }
      }

      test('a version of somebody else in between is kept, and ours comes after it', () => {
        put(view, 'MANY_OLD', 'before')
        const { written, worked } = whileWriting(() => put(view, 'MANY_OLD', 'in between'))
        expect(written).toEqual([
          { key: 'MANY_OLD', version: 3, change: 'updated' },
          { key: 'MANY_NEW', version: 1, change: 'created' },
        ])
        expect([1, 2, 3].map((version) => get(view, 'MANY_OLD', version))).toEqual(['before', 'in between', 'of many'])
        expect(worked).toBe(4)
      })

      test('a key that appeared in between is left as it is, if nothing may be overwritten', async () => {
        await view.delete('default', ['MANY_NEW'])
        const { skipped } = whileWriting(() => {
          if (!view.list('default').some(({ key }) => key === 'MANY_NEW')) put(view, 'MANY_NEW', 'in between')
        }, false)
        expect(skipped).toEqual(['MANY_OLD', 'MANY_NEW'])
      })

      test('what has nothing to do with it does no harm, and nothing is made twice', () => {
        const { written, worked } = whileWriting(() => put(view, 'ELSEWHERE', 'x'))
        expect([written.map(({ key }) => key), worked]).toEqual([['MANY_OLD', 'MANY_NEW'], 2])
        expect(get(view, 'ELSEWHERE')).toBe('x')
      })

      test('a key that is named twice has two versions', () => {
        const twice = ['first', 'second'].map((value) => ({ key: 'MANY_TWICE', value: secret(value) }))
        expect(view.writeMany('default', twice, { overwrite: true }).written.map(({ version }) => version)).toEqual([
          1, 2,
        ])
        expect([1, 2].map((version) => get(view, 'MANY_TWICE', version))).toEqual(['first', 'second'])
      })
    })

    describe('values', () => {
      test('1,000 random values come back identical', () => {
        const values = Array.from({ length: 1000 }, (_, i) => crypto.getRandomValues(new Uint8Array(i % 300)))
        const entries = values.map((value, i) => ({ key: `RANDOM_${i}`, value: secret(value) }))
        const heard: [number, number][] = []
        const progress = (done: number, total: number): void => void heard.push([done, total])
        expect(view.writeMany('default', entries, { overwrite: false, progress }).written.length).toBe(1000)
        expect([heard.length, heard[0], heard.at(-1)]).toEqual([1000, [1, 1000], [1000, 1000]])
        for (const [i, value] of values.entries()) {
          const back = view.read('default', `RANDOM_${i}`)
          expect(Buffer.compare(back.reveal(), value)).toBe(0)
          back.wipe()
        }
        const again = Vault.open(store)
        again.unlock(passphrase())
        const many = again.view(owner('inject', 'run')).readMany('default', { prefix: 'RANDOM_' })
        expect(many.entries.length).toBe(1000)
        for (const { key, value } of many.entries) {
          expect(Buffer.compare(value.reveal(), values[Number(key.slice(7))]!)).toBe(0)
          value.wipe()
        }
        again.lock()
      }, 60_000)

      test('empty, binary and 10 MiB values', () => {
        for (const value of [
          new Uint8Array(0),
          Uint8Array.of(0, 255, 10, 0xef, 0xbb, 0xbf),
          new Uint8Array(10 << 20).fill(7),
        ]) {
          put(view, 'SHAPE', value)
          const back = view.read('default', 'SHAPE')
          expect(Buffer.compare(back.reveal(), value)).toBe(0)
          expect(view.list('default', { prefix: 'SHAPE' })[0]!.size).toBe(value.length)
        }
      })

      test('the store never holds a plaintext', () => {
        put(view, 'MARKED', 'plaintext-marker-4711')
        for (const table of ['meta', 'projects', 'secrets', 'history', 'audit']) {
          for (const { value } of rows(store, table))
            expect(Buffer.from(value).includes('plaintext-marker-4711')).toBe(false)
        }
      })
    })

    describe('many at once', () => {
      const { view } = other
      for (const key of ['B_TWO', 'A_ONE', 'B_ONE', '_ZERO', 'b_low']) put(view, key, key.toLowerCase())

      test('sorted bytewise, by name, by prefix, or both', () => {
        const names = (selection: { only?: string[]; prefix?: string }) => {
          const { entries, missing } = view.readMany('default', selection)
          return { entries: entries.map(({ key, value }) => `${key}=${shown(value)}`), missing }
        }
        expect(names({}).entries).toEqual(['A_ONE=a_one', 'B_ONE=b_one', 'B_TWO=b_two', '_ZERO=_zero', 'b_low=b_low'])
        expect(names({ prefix: 'B_' })).toEqual({ entries: ['B_ONE=b_one', 'B_TWO=b_two'], missing: [] })
        expect(names({ only: ['B_ONE', 'NOPE', 'B_ONE'] })).toEqual({ entries: ['B_ONE=b_one'], missing: ['NOPE'] })
        expect(names({ only: ['A_ONE'], prefix: 'B_T' }).entries).toEqual(['A_ONE=a_one', 'B_TWO=b_two'])
        expect(names({ only: [] })).toEqual({ entries: [], missing: [] })
      })

      test('existing keys stay without overwrite, all in one commit', () => {
        const entries = ['A_ONE', 'C_ONE'].map((key) => ({ key, value: secret('changed') }))
        const result = view.writeMany('default', entries, { overwrite: false })
        expect(result).toEqual({ written: [{ key: 'C_ONE', version: 1, change: 'created' }], skipped: ['A_ONE'] })
        expect(get(view, 'A_ONE')).toBe('a_one')
      })

      test('one bad key and nothing is written', () => {
        const entries = ['D_ONE', 'not a key'].map((key) => ({ key, value: secret('v') }))
        expectKind(() => view.writeMany('default', entries, { overwrite: true }), 'usage')
        expectKind(() => get(view, 'D_ONE'), 'not_found')
      })

      test('comparing', () => {
        const entries = [
          { key: 'A_ONE', value: secret('a_one') },
          { key: 'B_ONE', value: secret('other') },
          { key: 'NOPE', value: secret('') },
        ]
        expect(view.compareMany('default', entries).map(({ state }) => state)).toEqual(['same', 'different', 'absent'])
      })

      test('deleting takes all or nothing', async () => {
        const failed = await failureOf(view.delete('default', ['A_ONE', 'NOPE', 'B_ONE']))
        expect([failed.kind, failed.message]).toEqual(['not_found', 'no secret NOPE in project default'])
        expect(get(view, 'A_ONE')).toBe('a_one')
        await view.delete('default', ['A_ONE', 'B_ONE', 'A_ONE'])
        expectKind(() => get(view, 'A_ONE'), 'not_found')
        expect(get(view, 'B_TWO')).toBe('b_two')
        view.verifyAll()
      })
    })

    describe('what is missing', () => {
      test('names the thing, where to look, and what was probably meant', () => {
        put(view, 'API_KEY', 'v')
        const typo = failure(() => view.read('default', 'API_KYE'))
        expect(typo.message).toBe('no secret API_KYE in project default')
        expect(typo.hint).toBe('did you mean API_KEY? see tvault list -p default')
        expect(failure(() => view.read('default', 'zzzzzzzz')).hint).toBe('tvault list -p default')
        expect(failure(() => view.read('defualt', 'API_KEY')).message).toBe('no project defualt')
        expect(failure(() => view.read('defualt', 'API_KEY')).hint).toBe(
          'did you mean default? see tvault projects list',
        )
        const version = failure(() => view.read('default', 'API_KEY', { version: 9 }))
        expect([version.kind, version.message, version.hint]).toEqual([
          'not_found',
          'no version 9 of API_KEY in project default',
          'tvault history API_KEY -p default',
        ])
        for (const version of [0, -1, 1.5, Number.NaN]) {
          expectKind(() => view.read('default', 'API_KEY', { version }), 'not_found')
        }
        expectKind(() => view.rollback('default', 'NOPE', 1), 'not_found')
        expectKind(() => view.history('default', 'NOPE'), 'not_found')
        expectKind(() => view.list('nope'), 'not_found')
        expectKind(() => view.search({ project: 'nope', limit: 1 }), 'not_found')
        expectKind(() => view.useProject('nope'), 'not_found')
        expectKind(() => view.readMany('nope', {}), 'not_found')
        expectKind(() => view.writeMany('nope', [{ key: 'A', value: secret('') }], { overwrite: true }), 'not_found')
      })

      test('hostile names are not printed raw', () => {
        expect(failure(() => view.read('default', 'A\u001b[31m')).message).toBe(
          'no secret A\\u{1b}[31m in project default',
        )
        expectKind(() => put(view, 'A\u001b[31m', 'v'), 'usage')
      })
    })

    test('a locked vault answers about names only', () => {
      const closed = Vault.open(store)
      expect(closed.unlocked).toBe(false)
      expectKind(() => closed.view(owner()), 'locked')
      expect(closed.names(owner('list', 'list')).list('default').length).toBe(view.list('default').length)
      expect(closed.header).toEqual(vault.header)
      closed.unlock(passphrase())
      const held = closed.view(owner())
      closed.lock()
      expectKind(() => held.read('default', 'API_KEY'), 'locked')
      expectKind(() => held.write('default', 'API_KEY', secret('v')), 'locked')
    })
  })
}
