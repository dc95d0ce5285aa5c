// A process of its own for disk.test.ts: opens the vault file argv[2] and writes argv[4] versions of key COUNT and as
// many keys of its own, named by argv[3].
import { Secret } from '../../src/lib/secret.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { WORDS } from './words.ts'

const [, , path = '', name = '', count = '0'] = process.argv
const store = await openLmdb(path, { tables: TABLES, mode: 'write', lockMilliseconds: 60_000 })
const vault = Vault.open(store)
vault.unlock(Secret.fromText(WORDS))
const view = vault.view({
  principal: { kind: 'owner', interactive: false },
  command: 'set',
  effect: 'write',
  policy: { decide: () => ({ allow: true, rule: 'owner' }) },
})
for (let i = 0; i < Number(count); i++) {
  view.write('default', 'COUNT', Secret.fromText(`${name} ${i}`))
  view.write('default', `${name}_${i}`, Secret.fromText(`${i}`))
}
vault.lock()
await store.close()
