// Signatures as minisign makes and checks them: our own against Debian's minisign in both directions where it is
// installed, and every byte of a signature that is changed is noticed.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyId, parsePublicKey, printPublicKey, SigningKey, verifySignature } from '../../src/crypto/minisign.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { failureOf } from '../failure.ts'

const folder = mkdtempSync(join(tmpdir(), 'tvault-minisign-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const key = SigningKey.generate()
const message = utf8('0123  tinyvault-1.0.0-linux-x64.tar.gz\n')
const signature = key.sign(message, 'tinyvault 1.0.0')
const path = (name: string, content?: string | Uint8Array): string => {
  const full = join(folder, name)
  if (content !== undefined) writeFileSync(full, content)
  return full
}

/** Made by `minisign -G -W` and `minisign -S` 0.11; the key signs nothing else. */
const MADE = {
  secret:
    'untrusted comment: minisign encrypted secret key\nRWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAALBv7vJohAzl185c7MowFU3wCdTpR2PEmD6DqM3u796tUUn/JDoBVoLye2InIn5HjZhAZDJpec36Dg3SjSMUzpQr2nxi+x5MPAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n',
  public:
    'untrusted comment: minisign public key 3903219ABCFB1B2C\nRWQsG/u8miEDObye2InIn5HjZhAZDJpec36Dg3SjSMUzpQr2nxi+x5MP\n',
  message: 'a message\n',
  signature:
    'untrusted comment: signature from minisign secret key\nRUQsG/u8miEDOVgHAq5gRrI6J8HszsbCKWIKrdEyi0c5o7Thncjtzw2671dbEwpL76P8EHxFpHbAJqL9IFqROKmveMLrgOEISAU=\ntrusted comment: timestamp:1795648910\tfile:m\thashed\nNgqTbCw5uw2lruWQ33PqfviLlLTV8LTp6jIpDSWO9VifaFITN7YYsoOLHI/otvn8Vn4HZv6ctBegvgA+SpxRBw==\n',
}

test('what is signed is verified, and the comment comes back', () => {
  expect(verifySignature(message, signature, key.publicKey)).toBe('tinyvault 1.0.0')
  const again = SigningKey.parse(key.print())
  expect(printPublicKey(again.publicKey)).toBe(printPublicKey(key.publicKey))
  expect(again.sign(message, 'tinyvault 1.0.0')).toBe(signature)
})

test('a signature that minisign made', () => {
  const made = parsePublicKey(MADE.public)
  expect(verifySignature(utf8(MADE.message), MADE.signature, made)).toMatch(/^timestamp:\d+\tfile:m\thashed$/)
  expect(printPublicKey(SigningKey.parse(MADE.secret).publicKey)).toBe(printPublicKey(made))
})

test('minisign accepts ours', () => {
  const minisign = Bun.which('minisign')
  if (minisign === null) {
    console.log('!!! minisign is not installed: that it accepts our signatures was NOT looked at')
    return
  }
  const file = path('SHA256SUMS', message)
  path('SHA256SUMS.minisig', signature)
  const run = (...words: string[]) => Bun.spawnSync([minisign, ...words], { stdout: 'pipe', stderr: 'pipe' })
  const said = run('-V', '-P', printPublicKey(key.publicKey), '-m', file)
  expect([said.exitCode, said.stdout.toString()]).toEqual([0, expect.stringContaining('tinyvault 1.0.0')])
  writeFileSync(file, 'other')
  expect(run('-V', '-P', printPublicKey(key.publicKey), '-m', file).exitCode).not.toBe(0)
  // It signs with the secret key that we printed, and we accept that.
  const signed = run('-S', '-W', '-s', path('key', key.print()), '-m', path('m2', message), '-t', 'from there')
  expect([signed.exitCode, signed.stderr.toString()]).toEqual([0, ''])
  expect(verifySignature(message, readFileSync(path('m2.minisig'), 'utf8'), key.publicKey)).toBe('from there')
})

test('any changed byte of message, comment or signature is noticed', async () => {
  const changed = message.slice()
  changed[3]! ^= 1
  expect((await failureOf(() => verifySignature(changed, signature, key.publicKey))).kind).toBe('corrupt')
  const lines = signature.split('\n')
  // The first line is not trusted, and not signed either.
  for (let line = 1; line < 4; line++) {
    const text = lines[line]!
    for (let at = line === 2 ? 17 : 0; at < text.length; at += 3) {
      const letter = text[at] === 'A' ? 'B' : 'A'
      const other = [...lines]
      other[line] = text.slice(0, at) + letter + text.slice(at + 1)
      const { kind } = await failureOf(() => verifySignature(message, other.join('\n'), key.publicKey))
      expect([line, at, kind]).toEqual([line, at, 'corrupt'])
    }
  }
})

test.each(['', 'x', signature.slice(0, 40), `${signature}more`, signature.replaceAll('\n', '\r\n'), '\n\n\n\n'])(
  'no signature: %#',
  async (text) => {
    expect((await failureOf(() => verifySignature(message, text, key.publicKey))).kind).toBe('corrupt')
  },
)

test('another key is named, and a signature of the old kind refused', async () => {
  const other = SigningKey.generate()
  const { kind, message: said } = await failureOf(() => verifySignature(message, signature, other.publicKey))
  expect([kind, said]).toEqual(['corrupt', expect.stringContaining(keyId(key.publicKey.id))])
  // The same number, but another key.
  const twin = { id: key.publicKey.id, key: other.publicKey.key }
  expect((await failureOf(() => verifySignature(message, signature, twin))).kind).toBe('corrupt')
  const [head, line = '', ...rest] = signature.split('\n')
  const plain = Uint8Array.fromBase64(line)
  plain[1] = 'd'.charCodeAt(0)
  const old = [head, plain.toBase64(), ...rest].join('\n')
  expect((await failureOf(() => verifySignature(message, old, key.publicKey))).message).toContain('unknown kind')
})

test('secret keys under a password, damaged ones and public keys are told apart, without their text', async () => {
  const bytes = Uint8Array.fromBase64(key.print().split('\n')[1]!)
  const text = (change: (copy: Uint8Array) => void): string => {
    const copy = bytes.slice()
    change(copy)
    return `untrusted comment: x\n${copy.toBase64()}\n`
  }
  for (const [shown, reason] of [
    [text((copy) => copy.set([0x53, 0x63], 2)), 'under a password'],
    [text((copy) => void (copy[70]! ^= 1)), 'damaged'],
    [printPublicKey(key.publicKey), 'no secret key'],
    ['', 'no secret key'],
  ] as const) {
    const failure = await failureOf(() => SigningKey.parse(shown))
    expect([failure.kind, failure.message]).toEqual(['usage', expect.stringContaining(reason)])
    expect(`${failure.message} ${failure.hint}`).not.toContain(shown.split('\n')[1]?.slice(0, 20) || 'RW')
  }
  for (const shown of ['', 'RW', key.print(), `${printPublicKey(key.publicKey)}A`])
    expect((await failureOf(() => parsePublicKey(shown))).kind).toBe('usage')
})
