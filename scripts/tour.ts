// The guided tour of `npm start`: what a developer does in the first five minutes, on the compiled binary, in a
// vault that is thrown away. Everything is checked, nothing is acted: a step that does not hold ends the tour with
// exit code 1. The secrets are made up at run time, so none of them is in the repository.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPlaintext, inventEnv, unquotedForms } from './tour-data.ts'

const root = join(import.meta.dir, '..')
const binary = process.env['TVAULT_BIN'] ?? join(root, 'dist', 'tvault')
const colour = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb'
const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)

const scratch = mkdtempSync(join(tmpdir(), 'tvault-tour-'))
const work = join(scratch, 'shop')
const vault = join(scratch, 'vault')
const passphrase = Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString('base64')

interface Result {
  out: Buffer
  err: string
}

/** Shows a command as it would be typed, runs it, and shows the first lines of what it says. */
function tvault(words: readonly string[], options: { stdin?: string; typed?: string; lines?: number } = {}): Result {
  console.log(`  ${paint(36, '$')} ${paint(1, options.typed ?? `tvault ${words.join(' ')}`)}`)
  const done = Bun.spawnSync([binary, ...words], {
    cwd: work,
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: scratch,
      TMPDIR: scratch,
      TVAULT_DIR: vault,
      TVAULT_PASSPHRASE: passphrase,
      NO_COLOR: '1',
    },
    stdin: options.stdin === undefined ? 'ignore' : Buffer.from(options.stdin),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = [Buffer.from(done.stdout), done.stderr.toString()]
  const said = `${out.toString()}${out.length > 0 && !out.toString().endsWith('\n') ? '\n' : ''}${err}`
    .split('\n')
    .filter((line) => line !== '')
  const most = options.lines ?? 4
  for (const line of said.slice(0, most)) console.log(`    ${paint(2, line.replaceAll(scratch, '~'))}`)
  if (said.length > most) console.log(`    ${paint(2, `… ${said.length - most} more lines`)}`)
  hold(
    done.exitCode === 0,
    `tvault ${words[0] ?? ''} ended with ${done.exitCode ?? done.signalCode ?? 'a signal'}: ${err.trim()}`,
  )
  return { out, err }
}

class Broken extends Error {}

function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Broken(what)
}

function step(number: number, title: string): void {
  console.log(`\n${paint(1, `${number}. ${title}`)}`)
}

function proved(text: string): void {
  console.log(`    ${paint(32, '✓')} ${text}`)
}

/** A program that is given secrets and says what it received: names, sizes and hashes, never values. */
const PROGRAM = `
const wanted = JSON.parse(require('node:fs').readFileSync('expected.json', 'utf8'))
const hash = (text) => require('node:crypto').createHash('sha256').update(text).digest('hex')
const right = Object.keys(wanted).filter((name) => process.env[name] !== undefined && hash(process.env[name]) === wanted[name])
console.log('shop server: ' + right.length + ' of ' + Object.keys(wanted).length + ' settings arrived byte for byte')
process.exit(right.length === Object.keys(wanted).length && process.env.TVAULT_PASSPHRASE === undefined ? 0 : 1)
`

function tour(): void {
  mkdirSync(work, { mode: 0o700 })
  const { text, values } = inventEnv()
  const names = [...values.keys()].toSorted()
  writeFileSync(join(work, '.env'), text, { mode: 0o600 })
  const hash = (value: string): string => new Bun.CryptoHasher('sha256').update(value).digest('hex')
  writeFileSync(
    join(work, 'expected.json'),
    JSON.stringify(Object.fromEntries([...values].map(([name, value]) => [name, hash(value)]))),
  )
  writeFileSync(join(work, 'server.cjs'), PROGRAM)

  step(1, 'A new vault: one encrypted file, opened by a passphrase')
  tvault(['init'])

  step(2, `A .env of ${names.length} entries goes in`)
  tvault(['import', '.env'], { lines: 3 })
  const listed = tvault(['list'], { lines: 3 }).out.toString().trim().split('\n')
  hold(listed.join() === names.join(), `list shows ${listed.length} names instead of ${names.length}`)
  rmSync(join(work, '.env'))
  proved('all names are there, and the .env is gone')

  step(3, 'A program runs with them, without a file')
  tvault(['run', '--', process.execPath, 'server.cjs'], { typed: 'tvault run -- node server.js' })
  proved('the program got every value, and not the passphrase')

  step(4, 'One value is changed, looked up, and rolled back')
  const first = values.get('STRIPE_SECRET_KEY') ?? ''
  const second = `${first}-rotated`
  tvault(['set', 'STRIPE_SECRET_KEY', '--stdin'], { stdin: second, typed: 'tvault set STRIPE_SECRET_KEY' })
  hold(
    tvault(['get', 'STRIPE_SECRET_KEY'], { lines: 1 }).out.toString() === second,
    'get does not return the new value',
  )
  tvault(['history', 'STRIPE_SECRET_KEY'])
  tvault(['rollback', 'STRIPE_SECRET_KEY', '--to', '1'])
  hold(
    tvault(['get', 'STRIPE_SECRET_KEY'], { lines: 1 }).out.toString() === first,
    'rollback did not bring the first value back',
  )
  proved('the first value is back, as version 3')

  step(5, 'What a thief of the file would see')
  const secrets = new Map([...values, ['the changed value', second], ['the passphrase', passphrase]])
  const files = readdirSync(vault).map((name) => readFileSync(join(vault, name)))
  // The search has to be able to find something before its silence means anything.
  const control = findPlaintext([Buffer.from(text), Buffer.from(unquotedForms(values))], values)
  hold(
    control.length === values.size,
    `the search finds only ${control.length} of ${values.size} values in the .env itself`,
  )
  const leaked = findPlaintext(files, secrets)
  hold(leaked.length === 0, `plaintext in the vault directory: ${leaked.join(', ')}`)
  const size = files.reduce((sum, file) => sum + file.length, 0)
  proved(`${secrets.size} plaintexts searched for in ${size} bytes, plain, hex and base64: none found`)

  step(6, 'Who did what: the audit chain')
  tvault(['audit', '--limit', '3'])
  const verified = tvault(['audit', 'verify'])
  hold(/\d/.test(verified.out.toString()), 'audit verify does not say how many rows it checked')
  proved('every row is linked to the one before it')
}

console.log(paint(1, 'TinyVault, a tour in six steps'))
console.log(paint(2, 'in a vault of its own, which is removed at the end'))
try {
  tour()
  console.log(
    `\n${paint(32, 'That was all of it.')} Your own vault: ${paint(1, 'npm start -- init')}, then ${paint(1, 'npm start -- help')}; the program is dist/tvault.`,
  )
} catch (error) {
  if (!(error instanceof Broken)) throw error
  console.error(`\n${paint(31, '✗')} ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
