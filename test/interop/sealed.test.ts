// Identities and sealed files against the Go program: what one makes, the other opens, in both directions.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { printMarshal } from '../../src/formats/marshal.ts'
import { Secret } from '../../src/lib/secret.ts'
import vectors from '../vectors/sealed.json'
import { ourPlace, peerBinary, peerPlace, type Place } from './peer.ts'

// Each call of the peer that needs its key takes a quarter of a second, and more on a busy machine.
setDefaultTimeout(60_000)

const binary = peerBinary()

/** Values on which the two could differ. */
const VALUES: Record<string, string> = {
  PLAIN: 'postgres://app:pw@localhost/shop',
  SPACE: ' a b ',
  QUOTES: `"double" 'single' \`back\``,
  DOLLAR: '$HOME ${X} $(id) \\$',
  LINES: 'one\ntwo\r\nthree\n',
  PEM: '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n',
  HASH: '# not a comment',
  TAB: '\ta\tb\t',
  UMLAUT: 'Grüße 🔑',
  EQUALS: 'a=b=c',
  MARKER: 'x\n--- tvault-env:preview ---\nINJ=1',
}

describe.if(binary !== undefined)('beside TinyVault 0.23', () => {
  let ours: Place
  let theirs: Place
  /** Recipients by place and name. */
  const recipients = { ours: '', theirs: '' }

  beforeAll(() => {
    ours = ourPlace()
    theirs = peerPlace(binary!)
    for (const place of [ours, theirs]) {
      place.must(['identity', 'new'])
      // All in one call, for each call of the peer takes a quarter of a second: both read the text inside sealed files.
      const binary = { key: 'BINARY', value: new Secret(Uint8Array.of(0xff, 0xfe, 0, 10)) }
      const text = Object.entries(VALUES).map(([key, value]) => ({ key, value: Secret.fromText(value) }))
      writeFileSync(join(place.folder, '.env'), printMarshal([binary, ...text]).reveal())
      place.must(['import', '.env'])
    }
    recipients.ours = recipientOf(ours)
    recipients.theirs = recipientOf(theirs)
  })
  afterAll(() => {
    ours?.remove()
    theirs?.remove()
  })

  /** The recipient of identity `default`, from the listing that both print. */
  function recipientOf(place: Place): string {
    return place.must(['identity', 'list']).toString().split(/\s+/)[1]!
  }

  /** Both ways: who makes, who opens. */
  const ways = (): [string, Place, Place, string][] => [
    ['ours for the peer', ours, theirs, recipients.theirs],
    ['the peer for ours', theirs, ours, recipients.ours],
  ]

  test('identities: files, recipients and private strings are the same', () => {
    for (const [, from, to] of ways()) {
      mkdirSync(join(to.folder, 'moved', 'identities'), { recursive: true, mode: 0o700 })
      const at = join('identities', 'default.key')
      copyFileSync(join(from.folder, 'vault', at), join(to.folder, 'moved', at))
      const env = { TVAULT_DIR: join(to.folder, 'moved') }
      expect(to.must(['identity', 'list'], { env }).toString()).toStartWith(`default          ${recipientOf(from)}`)
      const words = ['identity', 'export', '--force']
      expect(to.must(words, { env })).toEqual(from.must(words))
      expect(JSON.parse(to.must([...words, '--json'], { env }).toString())).toEqual(
        JSON.parse(from.must([...words, '--json']).toString()),
      )
    }
  })

  test('seal and open: every value, with a file and with an exported key', () => {
    for (const [way, maker, opener, recipient] of ways()) {
      const blob = maker.must(['seal', '--recipient', recipient, '-r', recipientOf(maker)])
      writeFileSync(join(opener.folder, 'x.sealed'), blob)
      const opened = opener.must(['open', '--in', 'x.sealed'])
      expect([way, opened.toString('hex')]).toEqual([way, maker.must(['open'], { stdin: blob }).toString('hex')])
      const key = opener.must(['identity', 'export', '--force']).toString().trim()
      const elsewhere = { TVAULT_DIR: join(maker.folder, 'none'), TVAULT_IDENTITY_KEY: key }
      expect(maker.must(['open'], { stdin: blob, env: elsewhere }).equals(opened)).toBeTrue()
    }
    const made = [ours, theirs].map((place) =>
      place.must(['open'], { stdin: place.must(['seal', '-r', recipientOf(place)]) }),
    )
    expect(made[0]!.toString('hex')).toBe(made[1]!.toString('hex'))
  })

  test('one key, and .tvault-recipients at the top of the work tree', () => {
    for (const [way, maker, opener, recipient] of ways()) {
      const tree = join(maker.folder, 'tree')
      mkdirSync(join(tree, 'deep'), { recursive: true })
      Bun.spawnSync(['git', 'init', '-q', tree])
      writeFileSync(join(tree, '.tvault-recipients'), `# the team\n\n  ${recipient}  \n`)
      const blob = maker.must(['seal', '--key', 'PLAIN'], { cwd: join(tree, 'deep') })
      expect([way, opener.must(['open'], { stdin: blob }).toString()]).toEqual([way, `PLAIN=${VALUES['PLAIN']}\n`])
    }
  })

  test('encrypt-env and decrypt-env, version 2: every byte', () => {
    const content = Buffer.from([0x23, 0x63, 0x0a, 0x41, 0x3d, 0, 0xff, 0xfe, 0x0d, 0x0a, 0x0a])
    for (const [way, maker, opener, recipient] of ways()) {
      writeFileSync(join(maker.folder, '.env'), content)
      maker.must(['encrypt-env', '--in', '.env', '--recipient', recipient])
      copyFileSync(join(maker.folder, '.env.encrypted'), join(opener.folder, 'theirs.encrypted'))
      opener.must(['decrypt-env', '-i', 'theirs.encrypted', '-o', 'back', '--identity', 'default'])
      expect([way, readFileSync(join(opener.folder, 'back')).equals(content)]).toEqual([way, true])
      expect(opener.must(['open', '--in', 'theirs.encrypted']).equals(content)).toBeTrue()
    }
  })

  test('a sealed manifest renders to the same Secret', () => {
    const secrets = ways().map(([, maker, opener, recipient]) => {
      const words = ['seal', '-r', recipient, '--format', 'k8s', '--name', 'app', '--namespace', 'prod']
      for (const key of Object.keys(VALUES)) words.push('--key', key)
      const rendered = opener.must(['k8s', 'render'], { stdin: maker.must(words) })
      return Bun.YAML.parse(rendered.toString()) as Record<string, unknown>
    })
    for (const secret of secrets) {
      expect(secret).toEqual({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'app', namespace: 'prod' },
        type: 'Opaque',
        stringData: VALUES,
      })
    }
  })

  test('sections that the peer sealed: the same text, and W5, W14 where it goes wrong', () => {
    theirs.must(['projects', 'create', 'live'])
    theirs.must(['projects', 'create', 'test'])
    theirs.must(['set', 'A', '1', '-p', 'live'])
    theirs.must(['set', 'B', 'x y', '-p', 'live'])
    theirs.must(['set', 'A', '2', '-p', 'test'])
    theirs.must(['env', 'group', 'create', 'g', '--env', 'production=live', '--env', 'preview=test'])
    theirs.must([
      'env',
      'seal',
      '--group',
      'g',
      '--recipient',
      recipients.ours,
      '--recipient',
      recipients.theirs,
      '-o',
      'g.sealed',
    ])
    const blob = readFileSync(join(theirs.folder, 'g.sealed'))
    for (const section of ['production', 'preview']) {
      const words = ['decrypt-env', '--section', section]
      expect(ours.must(words, { stdin: blob })).toEqual(
        theirs.must([...words, '--identity', 'default'], { stdin: blob }),
      )
    }
    const typo = ours.run(['decrypt-env', '--section', 'prod'], { stdin: blob })
    expect([typo.code, typo.out.length]).toEqual([2, 0])
    expect(typo.err).toContain('it has: production, preview')

    theirs.must(['set', 'Z', '--stdin', '-p', 'live'], { stdin: VALUES['MARKER']! })
    theirs.must(['env', 'seal', '--group', 'g', '--recipient', recipients.ours, '-o', 'forged.sealed'])
    const forged = readFileSync(join(theirs.folder, 'forged.sealed'))
    for (const section of ['production', 'preview']) {
      const refused = ours.run(['decrypt-env', '--section', section], { stdin: forged })
      expect([section, refused.code, refused.out.length]).toEqual([section, 1, 0])
    }
  })

  test('what is damaged or for others is refused by both', () => {
    const blob = ours.must(['seal', '-r', recipients.theirs, '-r', recipients.ours, '--key', 'PLAIN'])
    const changes: [string, Buffer][] = [
      ['nothing', Buffer.alloc(0)],
      ['head only', blob.subarray(0, 20)],
      ['cut', blob.subarray(0, -1)],
      ['body', Buffer.concat([blob.subarray(0, -1), Buffer.of(blob.at(-1)! ^ 1)])],
      ['longer', Buffer.concat([blob, Buffer.of(0)])],
      ['no stanza', Buffer.concat([blob.subarray(0, 20), Buffer.of(0, 0), blob.subarray(22 + 190)])],
      [
        'for another',
        ours.must(['encrypt-env', '--recipient', vectors.identities.a.recipient, '-o', '-'], { stdin: 'A=1' }),
      ],
    ]
    for (const [what, changed] of changes) {
      for (const place of [ours, theirs]) {
        const { code, out } = place.run(['open'], { stdin: changed })
        expect([what, code === 0, out.length]).toEqual([what, false, 0])
      }
    }
  })
})
