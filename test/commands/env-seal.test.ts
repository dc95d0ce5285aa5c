import { describe, expect, test } from 'bun:test'
import create from '../../src/commands/env/group/create.ts'
import seal from '../../src/commands/env/seal.ts'
import { Identity } from '../../src/crypto/recipient.ts'
import { openWithIdentity } from '../../src/formats/sealed.ts'
import { room } from './room.ts'
import { shop } from './shop.ts'

describe('env seal (W14)', () => {
  const identity = Identity.generate()
  const recipient = [identity.recipient.text]
  const body = (blob: Uint8Array) => {
    const opened = openWithIdentity(blob, [identity])
    return new TextDecoder().decode(opened.reveal())
  }

  test('a section each with what is inherited, values quoted', async () => {
    const { call, played, put } = await shop()
    put('prod', 'A', 'two\nlines')
    const done = await call(seal, { group: 'app', recipient, out: 'all.sealed' })
    expect(body(played.files['all.sealed']!)).toBe(`--- tvault-env:production ---
A="two\\nlines"
B="b of production"
--- tvault-env:staging ---
A="two\\nlines"
B="b of staging"
--- tvault-env:preview ---
A="two\\nlines"
B="b of staging"
C="c of preview"
--- end ---
`)
    expect(done.note).toContain('Wrote')
    expect(done.note).toContain('Environments: production, staging, preview\nKeys: 3')
    expect(done.note).toContain(recipient[0]!)
    expect(done.json).toMatchObject({ group: 'app', environments: ['production', 'staging', 'preview'], keys: 3 })
  })

  test('a value that the peer would take for the beginning or end of a section is refused by its name', async () => {
    const { call, fails, played, put } = await shop()
    for (const value of ['line\n--- tvault-env:preview ---\nINJ=1', 'x--- tvault-env:', 'a\n--- end ---\nb']) {
      put('prod', 'A', value)
      const refused = await fails(seal, { group: 'app', recipient, out: 'x.sealed' })
      expect([refused.kind, refused.message]).toEqual([
        'failed',
        'A of production holds the mark that begins or ends a section',
      ])
    }
    expect(played.files['x.sealed']).toBeUndefined()
    put('prod', 'A', '-----BEGIN KEY-----\nx\n-----END KEY-----\n')
    await call(seal, { group: 'app', recipient, out: 'x.sealed' })
  })

  test('chosen keys and environments in the order of the group; unknown ones are errors', async () => {
    const { call, fails, played } = await shop()
    const chosen = await call(seal, { group: 'app', recipient, keys: ['C', 'A'], envs: ['preview', 'production'] })
    expect(body(chosen.bytes)).toBe(`--- tvault-env:production ---
A="a of production"
--- tvault-env:preview ---
A="a of production"
C="c of preview"
--- end ---
`)
    const part = await call(seal, { group: 'app', recipient, keys: ['C'], out: 'c.sealed' })
    expect(part.note).toContain('Left out, because they have no such key: production, staging')
    expect(part.json).toMatchObject({ environments: ['preview'], keys: 1 })
    for (const input of [
      { keys: ['NOPE'] },
      { envs: ['nope'] },
      { keys: ['A', 'NOPE'] },
      { envs: ['preview', 'nope'] },
    ]) {
      expect((await fails(seal, { group: 'app', recipient, out: 'x.sealed', ...input })).kind).toBe('not_found')
    }
    expect((await fails(seal, { group: 'nope', recipient, out: 'x.sealed' })).kind).toBe('not_found')
    expect((await fails(seal, { group: 'app', recipient: ['tvault1x'], out: 'x.sealed' })).kind).toBe('usage')
    expect(played.files['x.sealed']).toBeUndefined()
  })

  test('a name that the marker of TinyVault cannot hold is refused', async () => {
    const { call, fails } = room()
    await call(create, { name: 'g', env: ['a --- b=default'] })
    expect((await fails(seal, { group: 'g', recipient })).kind).toBe('usage')
  })

  test('to whom it was sealed stands in the audit log', async () => {
    const { call, view } = await shop()
    await call(seal, { group: 'app', recipient, envs: ['production'], out: 'p.sealed' })
    const [row] = view.audit({ limit: 1 })
    expect(row).toMatchObject({
      action: 'env.seal',
      command: 'env seal',
      metadata: { group: 'app', env: 'production', recipients: recipient, keys: ['A', 'B'] },
    })
  })
})
