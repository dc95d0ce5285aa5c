// A process of its own for disk.test.ts: opens the vault file argv[2] and, by argv[3], deletes OTHER or rotates.
import { Secret } from '../../src/lib/secret.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { WORDS } from './words.ts'

const [, , path = '', act = ''] = process.argv
const store = await openLmdb(path, { tables: TABLES, mode: 'write' })
const vault = Vault.open(store)
vault.unlock(Secret.fromText(WORDS))
const view = vault.view({
  principal: { kind: 'owner', interactive: false },
  command: act,
  effect: 'admin',
  policy: { decide: () => ({ allow: true, rule: 'owner' }) },
})
if (act === 'delete') await view.delete('default', ['OTHER'])
else await view.rotate(Secret.fromText('other words'))
vault.lock()
await store.close()
