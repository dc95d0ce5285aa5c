import { describe, expect, test } from 'bun:test'
import env from '../../src/commands/env.ts'
import get from '../../src/commands/get.ts'
import run from '../../src/commands/run.ts'
import recipients from '../../src/commands/projects/recipients.ts'
import share from '../../src/commands/projects/share.ts'
import unshare from '../../src/commands/projects/unshare.ts'
import { Identity } from '../../src/crypto/recipient.ts'
import { Secret } from '../../src/lib/secret.ts'
import { room } from './room.ts'

const OWNER = {
  principal: { kind: 'owner', interactive: true },
  command: 'set',
  effect: 'write',
  policy: { decide: () => ({ allow: true, rule: 'test' }) },
} as const

function shop() {
  const here = room()
  const view = here.vault.view(OWNER)
  view.createProject('web', '')
  for (const project of ['web', 'default']) view.write(project, 'KEY', Secret.fromText(`of ${project}`))
  view.write('web', 'KEY', Secret.fromText('of web, again'))
  const ci = (here.played.identities['ci'] = Identity.generate())
  here.played.project = 'web'
  return { ...here, view, ci, recipient: ci.recipient.text }
}

const FINGERPRINT = /[0-9a-f]{4}(-[0-9a-f]{4}){3}/

describe('projects share', () => {
  test('says the fingerprint, and once more that it was shared already (W19)', async () => {
    const { call, recipient } = shop()
    const first = await call(share, { recipient, label: 'ci' })
    expect(first.out).toBe(`✓ Shared project 'web' with ${recipient}\n`)
    expect(first.note).toMatch(FINGERPRINT)
    expect(first.note).toContain('tvault env -p web --identity <name>')
    expect(first.json).toEqual({
      project: 'web',
      recipient,
      fingerprint: expect.stringMatching(FINGERPRINT) as unknown as string,
      label: 'ci',
      changed: true,
    })
    const second = await call(share, { recipient })
    expect(second.note).toContain('already')
    expect(second.json).toMatchObject({ label: 'ci', changed: false })
  })

  test('refuses what is no recipient, and never repeats a private key', async () => {
    const { fails, ci } = shop()
    const text = ci.export()
    const refused = await fails(share, { recipient: new TextDecoder().decode(text.reveal()) })
    expect(refused.kind).toBe('usage')
    expect(JSON.stringify(refused)).not.toContain('tvault-key1')
    expect((await fails(share, { recipient: 'tvault1nonsense' })).kind).toBe('usage')
  })
})

describe('projects recipients', () => {
  test('one per line, or a table; an empty list is an empty array', async () => {
    const { call, recipient } = shop()
    expect(await call(recipients)).toMatchObject({
      out: '',
      note: "Project 'web' is not shared with anyone.",
      json: { project: 'web', recipients: [], details: [], verified: false },
    })
    await call(share, { recipient, label: 'ci' })
    expect((await call(recipients)).out).toBe(`${recipient}\n`)
    const long = await call(recipients, { long: true, verify: true })
    expect(long.out).toMatch(new RegExp(`^RECIPIENT.*\n${recipient}  ${FINGERPRINT.source}  ci `))
    expect(long.json).toMatchObject({ recipients: [recipient], details: [{ recipient, label: 'ci' }], verified: true })
  })
})

describe('projects unshare', () => {
  test('lists what they could read, so that it can be changed', async () => {
    const { call, fails, recipient } = shop()
    await call(share, { recipient, label: 'ci' })
    const done = await call(unshare, { recipient })
    expect(done.out).toBe(
      `✓ Removed ${recipient} (ci) from project 'web' (live vault re-keyed, secrets re-encrypted)\n`,
    )
    expect(done.note).toContain('They could read these 1 secret(s), 2 version(s) in all.')
    expect(done.note).toContain('\n  KEY')
    expect(done.json).toMatchObject({ could_read: ['KEY'], versions: 2, remaining: 0, changed: true })
    expect((await fails(unshare, { recipient })).kind).toBe('not_found')
  })

  test('shows the first fifty', async () => {
    const { call, view, recipient } = shop()
    const entries = Array.from({ length: 60 }, (_, i) => ({ key: `MORE_${i}`, value: Secret.fromText('x') }))
    view.writeMany('web', entries, { overwrite: false })
    await call(share, { recipient })
    const done = await call(unshare, { recipient })
    expect(done.note.match(/\n {2}MORE_/g)!.length).toBe(49)
    expect(done.note).toContain('and 11 more')
    expect((done.json as { could_read: string[] }).could_read.length).toBe(61)
  })
})

describe('reading as an identity', () => {
  test('get, env and run give what is shared with it', async () => {
    const { call, fails, played, recipient } = shop()
    expect((await fails(env, { identity: 'ci' })).kind).toBe('failed')
    await call(share, { recipient })
    expect((await call(get, { key: 'KEY', identity: 'ci' })).out).toBe('of web, again')
    expect((await call(get, { key: 'KEY', identity: 'ci', version: 1 })).out).toBe('of web')
    expect((await call(env, { identity: 'ci', format: 'dotenv' })).out).toBe("KEY='of web, again'\n")
    await call(run, { identity: 'ci', command: ['true'] })
    expect(played.launched!.inject).toEqual({ KEY: 'of web, again' })
    played.project = 'default'
    expect((await fails(env, { identity: 'ci' })).kind).toBe('not_found')
    expect((await fails(get, { key: 'KEY', identity: 'nobody' })).kind).toBe('failed')
    expect((await fails(get, { key: 'KEY', identity: '' })).kind).toBe('usage')
    expect((await fails(env, { identity: '' })).kind).toBe('usage')
  })

  test('an exported one is used by env and run at once, by get only when nobody could tell the passphrase', async () => {
    const { call, fails, played, recipient } = shop()
    await call(share, { recipient })
    played.identityExported = true
    played.project = 'default'
    expect((await fails(env, { format: 'dotenv' })).kind).toBe('not_found')
    expect((await fails(run, { command: ['true'] })).kind).toBe('not_found')
    expect((await call(get, { key: 'KEY' })).out).toBe('of default')
    played.unattended = false
    expect((await fails(get, { key: 'KEY' })).kind).toBe('not_found')
    played.project = 'web'
    expect((await call(get, { key: 'KEY' })).out).toBe('of web, again')
  })

  test('excludes what makes no sense with it', async () => {
    const { fails } = shop()
    expect((await fails(run, { identity: 'ci', 'no-vault': true, command: ['true'] })).kind).toBe('usage')
    expect((await fails(get, { key: 'KEY', from: '.env', identity: 'ci' })).kind).toBe('usage')
  })
})
