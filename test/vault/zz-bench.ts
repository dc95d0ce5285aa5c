import { Identity } from '../../src/crypto/recipient.ts'
import { Secret } from '../../src/lib/secret.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { KDF_FLOOR } from '../../src/crypto/kdf.ts'
import { mkdtempSync } from 'node:fs'
const dir = mkdtempSync('/tmp/vault-bench/x')
const store = await openLmdb(dir + '/vault.db', { tables: TABLES, mode: 'create' })
const vault = Vault.create(store, Secret.fromText('some words here'), KDF_FLOOR)
const view = vault.view({
  principal: { kind: 'owner', interactive: false },
  command: 'x',
  effect: 'reveal',
  policy: { decide: () => ({ allow: true, rule: '' }) },
})
const entries = Array.from({ length: 10000 }, (_, i) => ({
  key: `KEY_${i}`,
  value: Secret.fromText(`value ${i} and more text of usual size`),
}))
view.writeMany('default', entries, { overwrite: true })
if (process.argv[2] === 'versions')
  for (let n = 0; n < 2; n++)
    view.writeMany(
      'default',
      entries.map(({ key }) => ({ key, value: Secret.fromText(`${n} ${key}`) })),
      { overwrite: true },
    )
const a = Identity.generate(),
  b = Identity.generate()
let t = (process.cpuUsage().user + process.cpuUsage().system) / 1000
view.share('default', a.recipient.text)
console.log('share', (process.cpuUsage().user + process.cpuUsage().system) / 1000 - t)
view.share('default', b.recipient.text)
t = (process.cpuUsage().user + process.cpuUsage().system) / 1000
let last = t
const r = await view.unshare('default', a.recipient.text, {
  progress: (d, n) => {
    if (d === n || d === 1) {
      console.log(d, (process.cpuUsage().user + process.cpuUsage().system) / 1000 - t)
      last = (process.cpuUsage().user + process.cpuUsage().system) / 1000
    }
  },
})
console.log(
  'unshare',
  (process.cpuUsage().user + process.cpuUsage().system) / 1000 - t,
  (process.cpuUsage().user + process.cpuUsage().system) / 1000 - last,
  r.versions,
)
t = (process.cpuUsage().user + process.cpuUsage().system) / 1000
const other = Vault.open(store)
other.unlockWith([b])
console.log('unlockWith', (process.cpuUsage().user + process.cpuUsage().system) / 1000 - t)
t = (process.cpuUsage().user + process.cpuUsage().system) / 1000
view.readMany('default', {})
console.log('readMany', (process.cpuUsage().user + process.cpuUsage().system) / 1000 - t)
t = (process.cpuUsage().user + process.cpuUsage().system) / 1000
view.verifyAll()
console.log('verifyAll', (process.cpuUsage().user + process.cpuUsage().system) / 1000 - t)
