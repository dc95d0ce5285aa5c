// Child of together.test.ts: opens the store at argv[2], adds one to a counter, closes; argv[3] times.
import { text, utf8 } from '../../src/lib/bytes.ts'
import { openLmdb } from '../../src/store/lmdb.ts'

const [, , path = '', times = '0'] = process.argv
for (let round = 0; round < Number(times); round++) {
  const store = await openLmdb(path, { tables: ['a'], mode: 'write' })
  store.commit((writer) => {
    const count = Number(text(writer.get('a', utf8('count')) ?? utf8('0')))
    writer.put('a', utf8('count'), utf8(String(count + 1)))
    writer.put('a', utf8(`${process.pid} ${round}`), new Uint8Array(500))
  })
  await store.close()
}
