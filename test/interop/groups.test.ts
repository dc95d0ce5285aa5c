// A group that one program seals, the other opens: sections, names, and every kind of value. What the peer gets wrong
// (values as they are, an unknown section) is shown next to what ours does with the same input.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ourPlace, peerBinary, peerPlace } from './peer.ts'
import type { Place } from './peer.ts'

// Each call of the peer that needs its key takes a quarter of a second, and more on a busy machine.
setDefaultTimeout(60_000)

const PEER = peerBinary()
const ENVIRONMENTS = { production: 'prod', staging: 'stag', 'pre view': 'prev' }

/** Values whose text in a section both programs write alike: nothing in them needs quotes. */
const PLAIN: Record<string, Record<string, string>> = {
  prod: { A: 'a1', URL: 'postgres://u:p@h:5/d?x=1&y=%2F', EMPTYISH: '0' },
  stag: { A: 'a2', ONLY_STAGING: 'é日本' },
  prev: { C: 'c' },
}

/** A vault with the group `app` and an identity `ci`, whose public key is returned. */
function prepare(place: Place, values = PLAIN): string {
  for (const [project, secrets] of Object.entries(values)) {
    place.must(['projects', 'create', project])
    const lines = Object.entries(secrets).map(([key, value]) => `${key}=${value}\n`)
    writeFileSync(join(place.folder, `.env.${project}`), lines.join(''))
    place.must(['import', `.env.${project}`, '-p', project])
  }
  const env = Object.entries(ENVIRONMENTS).flatMap(([name, project]) => ['--env', `${name}=${project}`])
  place.must(['env', 'group', 'create', 'app', ...env])
  place.must(['identity', 'new', 'ci'])
  const [{ recipient }] = JSON.parse(place.must(['identity', 'list', '--json']).toString()) as [{ recipient: string }]
  return recipient
}

describe.if(PEER !== undefined)('sealed groups', () => {
  let peer: Place
  let ours: Place
  let theirs = ''
  let mine = ''
  beforeAll(() => {
    peer = peerPlace(PEER!)
    ours = ourPlace()
    theirs = prepare(peer)
    mine = prepare(ours)
  })
  afterAll(() => {
    peer?.remove()
    ours?.remove()
  })

  /** Seals in `from` for the identity of `to`, and opens there. */
  const across = (from: Place, to: Place, recipient: string, ...words: string[]) => {
    from.must(['env', 'seal', '--group', 'app', '--recipient', recipient, '-o', 'app.sealed', ...words])
    copyFileSync(join(from.folder, 'app.sealed'), join(to.folder, 'in.sealed'))
    return (...section: string[]) => to.must(['decrypt-env', '-i', 'in.sealed', '--identity', 'ci', ...section])
  }
  const text = (project: string) =>
    Object.entries(PLAIN[project]!)
      .map(([key, value]) => `${key}=${value}`)
      .toSorted()
      .join('\n')

  test('ours is opened by the peer, whole and by section, with the very same bytes', () => {
    const open = across(ours, peer, theirs)
    const body = open().toString()
    expect(body).toBe(
      `${Object.entries(ENVIRONMENTS)
        .map(([name, project]) => `--- tvault-env:${name} ---\n${text(project)}\n`)
        .join('')}--- end ---\n`,
    )
    for (const [name, project] of Object.entries(ENVIRONMENTS)) {
      expect([name, open('--section', name).toString().trimEnd()]).toEqual([name, text(project)])
    }
    // The same group, sealed and opened by the peer alone.
    expect(across(peer, peer, theirs)().toString()).toBe(body)
  })

  test("the peer's is opened by ours, whole and by section", () => {
    const open = across(peer, ours, mine)
    for (const [name, project] of Object.entries(ENVIRONMENTS)) {
      expect([name, open('--section', name).toString().trimEnd()]).toEqual([name, text(project)])
    }
    expect(open().toString()).toBe(across(peer, peer, theirs)().toString())
  })

  test('chosen keys and environments are the same in both', () => {
    const chosen = ['--keys', 'A,C', '--envs', 'production', '--envs', 'pre view']
    expect(across(ours, peer, theirs, ...chosen)().toString()).toBe(across(peer, peer, theirs, ...chosen)().toString())
  })

  test('values with line ends, quotes and markers come back through the peer exactly (W14)', () => {
    const refused = { A: 'x\n--- tvault-env:staging ---\nINJ=1' }
    ours.must(['set', 'A', '--stdin', '-p', 'prod'], { stdin: refused.A })
    expect(ours.run(['env', 'seal', '--group', 'app', '--recipient', theirs, '-o', 'forged.sealed'])).toMatchObject({
      code: 1,
    })
    const forged = {
      A: 'x\n--- tvault env:staging ---\nINJ=1',
      PEM: '-----BEGIN-----\nabc=\n-----END-----\n',
      Q: `'"\\$ #`,
    }
    for (const [key, value] of Object.entries(forged))
      ours.must(['set', key, '--stdin', '-p', 'prod'], { stdin: `${value}\n` })
    const open = across(ours, peer, theirs)
    expect(open('--section', 'staging').toString().trimEnd()).toBe(text('stag'))
    // What the section holds is dotenv text, and the peer reads it back.
    peer.must(['projects', 'create', 'back'])
    writeFileSync(join(peer.folder, '.env.back'), open('--section', 'production'))
    peer.must(['import', '.env.back', '-p', 'back'])
    for (const [key, value] of Object.entries(forged)) {
      expect([key, peer.must(['get', key, '-p', 'back']).toString()]).toEqual([key, value])
    }
    const back = open('--section', 'production')
    writeFileSync(join(ours.folder, '.env.back'), back)
    ours.must(['projects', 'create', 'back'])
    ours.must(['import', '.env.back', '-p', 'back'])
    for (const [key, value] of Object.entries(forged)) {
      expect([key, ours.must(['get', key, '-p', 'back']).toString()]).toEqual([key, value])
    }
  })

  test('an unknown section prints everything there, and nothing here (W5)', () => {
    across(peer, ours, mine)
    const refused = ours.run(['decrypt-env', '-i', 'in.sealed', '--identity', 'ci', '--section', 'nope'])
    expect([refused.code, refused.out.length]).toEqual([2, 0])
  })

  test('inheritance: the same answer where the peer has one, and one level more (W29)', () => {
    for (const place of [peer, ours]) {
      place.must(['env', 'inherit', '--group', 'app', '--env', 'staging', '--from', 'production'])
      place.must(['env', 'inherit', '--group', 'app', '--env', 'pre view', '--from', 'staging'])
    }
    const get = (place: Place, key: string, env: string) =>
      place.run(['get', key, '--group', 'app', '--env', env, '--show-source'])
    for (const [key, env] of [
      ['URL', 'staging'],
      ['A', 'pre view'],
    ] as const) {
      const [there, here] = [get(peer, key, env), get(ours, key, env)]
      expect([here.code, here.out.toString(), here.err]).toEqual([there.code, there.out.toString(), there.err])
    }
    expect(get(peer, 'URL', 'pre view').code).toBe(4)
    expect(get(ours, 'URL', 'pre view')).toMatchObject({ code: 0, err: '# inherited from production\n' })
    expect(across(ours, peer, theirs)('--section', 'pre view').toString()).toContain('URL=postgres')
    const groups = (place: Place) => {
      const listed = JSON.parse(place.must(['env', 'group', 'list', '--json']).toString()) as Record<string, unknown>[]
      return listed.map((group) => ({ ...group, created_at: 'a time', updated_at: 'a time' }))
    }
    expect(groups(ours)).toEqual(groups(peer))
  })
})
