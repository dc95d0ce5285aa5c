// Child of lock.test.ts: opens the store at argv[2], says so, and is in the middle of one commit until the file argv[3]
// is gone.
import { existsSync } from 'node:fs'
import { utf8 } from '../../src/lib/bytes.ts'
import { openLmdb } from '../../src/store/lmdb.ts'

const [, , path = '', sign = ''] = process.argv
const store = await openLmdb(path, { tables: ['a'], mode: 'write' })
store.commit((writer) => {
  for (let at = 0; at < 1000; at++) writer.put('a', utf8(`new ${at}`), new Uint8Array(100))
  console.log('writing')
  while (existsSync(sign)) Bun.sleepSync(1)
})
await store.close()
