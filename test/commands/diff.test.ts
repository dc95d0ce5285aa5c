// diff against a real vault in memory: names without a key, values without showing one.
import { describe, expect, test } from 'bun:test'
import diff from '../../src/commands/diff.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { owner, put } from '../vault/fixture.ts'
import { room, type Room } from './room.ts'

const FILE = 'SAME=1\nDIFF=file\nONLY_FILE=x\nREF=${tvault://web/KEY}-${tvault://SAME}\n'

function place(file = FILE): Room {
  const here = room()
  const view = here.vault.view(owner('write', 'set'))
  for (const [key, value] of Object.entries({ SAME: '1', DIFF: 'vault', ONLY_VAULT: 'v', REF: 'r' }))
    put(view, key, value)
  here.played.files['.env'] = utf8(file)
  return here
}

describe('diff', () => {
  test('names need no key and leave no row in the audit log', async () => {
    const here = place()
    here.vault.lock()
    const { out, json, exit } = await here.call(diff, { path: '.env' })
    expect(out).toBe(
      'Project: default\nFile: .env\n\nOnly in vault (1):\n  ONLY_VAULT\n\nOnly in file (1):\n  ONLY_FILE\n\n' +
        'References, not compared (1):\n  REF (${tvault://web/KEY}, ${tvault://SAME})\n\n⚠ Out of sync (see above).\n',
    )
    expect(json).toEqual({
      project: 'default',
      file: '.env',
      only_in_vault: ['ONLY_VAULT'],
      only_in_file: ['ONLY_FILE'],
      in_both: ['DIFF', 'REF', 'SAME'],
      references: { REF: ['${tvault://web/KEY}', '${tvault://SAME}'] },
      lines: [],
      in_sync: false,
    })
    expect(exit).toBe(0)
  })

  test('W55: with --values all of it is on standard output, the verdict last, and no value anywhere', async () => {
    const here = place('SAME=1\nDIFF=hunter2\n')
    const { out, note, json } = await here.call(diff, { path: '.env', values: true })
    expect(out).toEndWith('\nValues differ (1):\n  DIFF (differs)\n\n⚠ Out of sync (see above).\n')
    expect(note).toBe('')
    expect(json).toMatchObject({ value_diffs: { DIFF: 'differs', SAME: 'same' }, in_sync: false })
    expect(JSON.stringify([out, json, here.played.said])).not.toContain('hunter2')
    const rows = here.vault.view(owner()).audit({ limit: 50 })
    const [row] = rows.filter(({ metadata }) => metadata['source'] === 'diff')
    expect([row?.action, row?.command, row?.metadata['keys']]).toEqual(['secret.read', 'diff', ['DIFF', 'SAME']])
  })

  test('W27: 0 for no difference, 1 for some with --exit-code, 2 when it cannot be found out', async () => {
    const here = place('SAME=1\nDIFF=vault\nONLY_VAULT=v\nREF=${tvault://REF}\nOTHER=${tvault://web/X}\n')
    const same = await here.call(diff, { path: '.env', values: true, 'exit-code': true })
    expect([same.exit, same.out]).toEqual([0, expect.stringContaining('✓ In sync.\n')])
    expect((await here.call(diff, { path: '.env' })).note).toContain('only names were compared')
    const other = place()
    expect((await other.call(diff, { path: '.env', 'exit-code': true })).exit).toBe(1)
    expect(await other.fails(diff, { path: '.env.none', 'exit-code': true })).toMatchObject({ kind: 'trouble' })
    expect(await other.fails(diff, { path: '.env.none' })).toMatchObject({ kind: 'failed' })
    other.played.project = 'nowhere'
    expect(await other.fails(diff, { path: '.env', 'exit-code': true })).toMatchObject({ kind: 'not_found' })
  })

  test('lines that were not understood are told, and a bad reference names file and line', async () => {
    const here = place('A=1\nbroken\n')
    const { json } = await here.call(diff, { path: '.env' })
    expect(here.played.said.join('\n')).toContain('.env:2 skipped unsupported line')
    expect(json).toMatchObject({ lines: [{ file: '.env', line: 2, kind: 'skipped' }] })
    const bad = place('A=1\nB=${tvault://a/}\n')
    expect((await bad.fails(diff, { path: '.env' })).message).toStartWith('.env:2 B: invalid tvault reference')
    expect((await bad.fails(diff, { path: 'prod.env' })).kind).toBe('usage')
  })
})
