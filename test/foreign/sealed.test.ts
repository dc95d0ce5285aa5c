// Encrypted files: SOPS with age, KeePass databases. They open with the right key only, a changed one is refused before
// any value is given out, and the work that a file asks for is bounded.
import { beforeAll, describe, expect, test } from 'bun:test'
import * as kdbxweb from 'kdbxweb'
import { checkKdbx } from '../../src/foreign/kdbx-header.ts'
import { keepass } from '../../src/foreign/keepass.ts'
import { sops } from '../../src/foreign/sops.ts'
import { Failure } from '../../src/lib/errors.ts'
import { failureOf } from '../failure.ts'
import vectors from '../vectors/foreign.json'
import { ageArmor, ageKey, ageSeal, asking, fileInput, kdbx, read, sopsDotenv, sopsJson, sopsYaml } from './samples.ts'

let identity: string
let recipient: string

beforeAll(async () => {
  ;({ identity, recipient } = await ageKey())
})

const TREE = {
  DATABASE_URL: 'postgres://u:p@h/db',
  port: 5432,
  ratio: 1.5,
  on: true,
  empty: '',
  nothing: null,
  db: { 'pass word': 'x y', list: ['a', { inner: 'b' }], '10': 'ten', '2': 'two' },
  note_unencrypted: 'seen by all',
}
const EXPECTED = {
  DATABASE_URL: 'postgres://u:p@h/db',
  port: '5432',
  ratio: '1.5',
  on: 'True',
  empty: '',
  DB_2: 'two',
  DB_10: 'ten',
  DB_PASS_WORD: 'x y',
  DB_LIST_0: 'a',
  DB_LIST_1_INNER: 'b',
  note_unencrypted: 'seen by all',
}

describe('SOPS', () => {
  test('YAML, JSON and dotenv', async () => {
    const keyFile = `# created: today\n# public key: ${recipient}\n${identity}\n`
    for (const file of [await sopsYaml(TREE, recipient), await sopsJson(TREE, recipient)]) {
      expect(sops.recognise(fileInput('s', file))).toBeTrue()
      expect((await read(sops, fileInput('s', file), { keyFile })).values).toEqual(EXPECTED)
    }
    const dotenv = await sopsDotenv({ A: 'plain', B: '"quoted # \\n x"', C: 'two\nlines', D: "'" }, recipient)
    expect(sops.recognise(fileInput('s', dotenv))).toBeTrue()
    expect((await read(sops, fileInput('s', dotenv), { keyFile })).values).toEqual({
      A: 'plain',
      B: 'quoted # \n x',
      C: 'two\nlines',
      D: "'",
    })
  })

  test('the order of the file counts, also for names that are numbers', async () => {
    const file = await sopsYaml({ '2': 'two', '1': 'one', A: 'a' }, recipient, { order: ['1', '2', 'A'] })
    // The sample was sealed in JavaScript's order 1, 2, A; printed as A, 2, 1 its checksum must not match.
    const { values } = await read(sops, fileInput('s.yaml', file), { keyFile: identity })
    expect(values).toEqual({ _1: 'one', _2: 'two', A: 'a' })
    const turned = await sopsYaml({ '2': 'two', '1': 'one', A: 'a' }, recipient, { order: ['A', '2', '1'] })
    const failure = await failureOf(sops.read(fileInput('s.yaml', turned), asking({ keyFile: identity })))
    expect(failure.message).toContain('MAC')
  })

  test('the checksum of encrypted values only', async () => {
    for (const make of [sopsYaml, sopsJson]) {
      const file = await make(TREE, recipient, { macOnlyEncrypted: true })
      expect((await read(sops, fileInput('s', file), { keyFile: identity })).values).toEqual(EXPECTED)
    }
  })

  test('a changed file is refused: a value taken out, changed, moved or put in, or the time', async () => {
    const file = await sopsJson({ A: 'one', B: 'two', C_unencrypted: 'three' }, recipient)
    const parsed = (): Record<string, string> & { sops: Record<string, string> } => JSON.parse(file)
    const { A, B, ...without } = parsed()
    const changes: Record<string, object> = {
      'taken out': { B, ...without },
      moved: { ...parsed(), A: B, B: A },
      'another order': { B, A, ...without },
      'not encrypted any more': { ...parsed(), A: 'evil' },
      'plain value changed': { ...parsed(), C_unencrypted: 'four' },
      'put in': { ...parsed(), D: A },
      'put in, plain': { ...parsed(), D_unencrypted: 'x' },
      'the time': { ...parsed(), sops: { ...parsed().sops, lastmodified: '2027-01-02T03:04:05Z' } },
      'no checksum': { ...parsed(), sops: { ...parsed().sops, mac: '' } },
    }
    for (const [what, changed] of Object.entries(changes)) {
      const input = fileInput('s.json', JSON.stringify(changed))
      const failure = await failureOf(sops.read(input, asking({ keyFile: identity })))
      expect([what, failure.kind]).toEqual([what, 'corrupt'])
      expect(`${failure.message}${failure.hint}`).not.toMatch(/one|two|three/)
    }
  })

  test('who cannot open it is told what is missing', async () => {
    const file = (): ReturnType<typeof fileInput> => fileInput('s.json', source)
    const source = await sopsJson({ A: 'one' }, recipient)
    const none = await failureOf(sops.read(file(), asking({})))
    expect([none.kind, none.hint]).toEqual(['usage', expect.stringContaining('--key-file')])
    const other = await failureOf(sops.read(file(), asking({ keyFile: (await ageKey()).identity })))
    expect(other.message).toBe('none of the identities opens s.json')
    const foreign = await failureOf(sops.read(file(), asking({ keyFile: 'AGE-PLUGIN-YUBIKEY-1ABC\n' })))
    expect(foreign.message).toContain('holds no age identity')
    // Another last letter than it has.
    const changed = identity.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'))
    const damaged = await failureOf(sops.read(file(), asking({ keyFile: changed })))
    expect(damaged.message).not.toContain(identity.slice(20, 40))
    const kms = fileInput('s.json', source.replace('"age"', '"kms"'))
    expect((await failureOf(sops.read(kms, asking({})))).message).toContain('not encrypted with age')
    const groups = fileInput('s.json', source.replace('"age"', '"key_groups": [{}], "age"'))
    expect((await failureOf(sops.read(groups, asking({})))).message).toContain('key groups')
  })

  test('an identity file that is itself encrypted with a passphrase', async () => {
    const source = await sopsJson({ A: 'one' }, recipient)
    for (const keyFile of [
      await ageSeal(`${identity}\n`, { passphrase: 'pw' }),
      ageArmor(await ageSeal(`${identity}\n`, { passphrase: 'pw' })),
    ]) {
      expect((await read(sops, fileInput('s', source), { keyFile, passphrase: 'pw' })).values).toEqual({ A: 'one' })
      const failure = await failureOf(sops.read(fileInput('s', source), asking({ keyFile, passphrase: 'no' })))
      expect(failure.message).toContain('the passphrase does not open')
    }
  })

  test('a name that stands twice, aliases without end, several documents', async () => {
    const file = await sopsYaml({ A: 'one' }, recipient)
    const attempt = (source: string): Promise<Failure> =>
      failureOf(sops.read(fileInput('s.yaml', source), asking({ keyFile: identity })))
    expect((await attempt(`A: x\n${file}`)).message).toBe('s.yaml: line 2: the name A stands twice')
    expect((await attempt(`Z: &z [*z]\n${file}`)).kind).toBe('failed')
    expect((await attempt(`${file}---\nB: 1\n`)).message).toContain('does not hold one mapping')
    const bomb = Array.from({ length: 40 }, (_, i) => `x${i}: &x${i} [${i === 0 ? '1, 1' : `*x${i - 1}, *x${i - 1}`}]`)
    expect((await attempt(`${bomb.join('\n')}\n${file}`)).kind).toBe('failed')
  })
})

describe('KeePass', () => {
  test.each(Object.entries(vectors.kdbx))('a database of another program, %s', async (_, base64) => {
    const input = fileInput('v.kdbx', Uint8Array.fromBase64(base64))
    expect(keepass.recognise(input)).toBeTrue()
    const { values, foreign } = await read(keepass, input, { passphrase: 'open sesame' })
    expect(values).toEqual({
      GITHUB_NOTES: 'line one\nline two',
      GITHUB_PASSWORD: 's3crét&<>',
      GITHUB_URL: 'https://github.com',
      GITHUB_USERNAME: 'octo',
      DATABASE_API_TOKEN: 'tok-123',
      DATABASE_PASSWORD: 'pw-db',
      DATABASE_USERNAME: 'app',
      DATABASE_TOTP: 'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP',
    })
    expect(foreign.notes).toEqual([
      { kind: 'skipped', what: '1 file(s)', where: 'Work / Database', why: 'an attachment' },
    ])
    const wrong = await failureOf(keepass.read(input, asking({ passphrase: 'open sesam' })))
    expect([wrong.kind, wrong.message]).toEqual(['failed', 'the passphrase does not open v.kdbx'])
  })

  const KEY_FILE = new Uint8Array(32).fill(7)
  const sample = (secrets: Parameters<typeof kdbx>[1]): Promise<Uint8Array> =>
    kdbx((database, root) => {
      const entry = database.createEntry(database.createGroup(root, 'Work'))
      entry.fields.set('Title', 'Mail')
      entry.fields.set('Password', kdbxweb.ProtectedValue.fromString('p'))
      entry.fields.set('Same', '{REF:P@I:46C9B1FFBD4ABC4BBB260C6190BAD20C}')
      entry.pushHistory()
      const gone = database.createEntry(root)
      gone.fields.set('Title', 'Gone')
      gone.fields.set('Password', 'x')
      database.createRecycleBin()
      database.remove(gone)
    }, secrets)

  test('the recycle bin, history and references are told; a key file alone or with a passphrase opens it', async () => {
    const expected = ['Work / Mail: Same', 'Work / Mail: 1 earlier version(s)', 'Recycle Bin: 1 whole item(s)']
    for (const played of [{ passphrase: 'pw' }, { keyFile: KEY_FILE }, { passphrase: 'pw', keyFile: KEY_FILE }]) {
      const input = fileInput('m.kdbx', await sample(played))
      const { values, foreign } = await read(keepass, input, played)
      expect(values).toEqual({ MAIL_PASSWORD: 'p' })
      expect(foreign.notes.map(({ what, where }) => `${where}: ${what}`)).toEqual(expected)
    }
    const both = fileInput('m.kdbx', await sample({ passphrase: 'pw', keyFile: KEY_FILE }))
    expect((await failureOf(keepass.read(both, asking({ passphrase: 'pw' })))).hint).toContain('--key-file')
  })

  test('an older format, and work without end, are refused before anybody is asked', async () => {
    const ask = asking({ passphrase: 'x' })
    const old = fileInput('o.kdbx', Uint8Array.fromBase64(vectors.kdbx3))
    expect((await failureOf(keepass.read(old, ask))).message).toContain('not of format KDBX 4')
    // Memory, passes and lanes of Argon2, as numbers of 8, 8 and 4 bytes behind their names.
    for (const [name, size] of [
      ['M', 8],
      ['I', 8],
      ['P', 4],
    ] as const) {
      const bytes = Uint8Array.fromBase64(vectors.kdbx['argon2d-aes256'])
      const at = Buffer.from(bytes).indexOf(
        Buffer.from([size === 8 ? 5 : 4, 1, 0, 0, 0, name.charCodeAt(0), size, 0, 0, 0]),
      )
      expect(at).toBeGreaterThan(0)
      bytes[at + 10 + 3] = 0xff
      const failure = await failureOf(keepass.read(fileInput('g.kdbx', bytes), ask))
      expect([name, failure.message]).toEqual([name, expect.stringContaining('asks for too much')])
    }
    expect(ask.asked).toEqual([])
  })

  test('every cut and every flipped byte of a file is refused, none is a crash', async () => {
    const whole = await sample({ passphrase: 'pw' })
    for (let size = 0; size < 300; size += 7) {
      try {
        checkKdbx(whole.subarray(0, size), 'x')
      } catch (error) {
        expect(error).toBeInstanceOf(Failure)
      }
    }
    // The library does not look at the checksum of the empty block at the end (36 bytes); it protects nothing we read.
    for (let at = 0; at < whole.length - 36; at += 11) {
      const flipped = whole.slice()
      flipped[at]! ^= 0x40
      const failure = await failureOf(keepass.read(fileInput('x.kdbx', flipped), asking({ passphrase: 'pw' })))
      expect(['failed', 'corrupt']).toContain(failure.kind)
    }
  })
})
