// Both programs on the same dotenv files: what a program gets from `run --env-file`, what `diff` and `sync` say, and
// that each reads the file that the other has written.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ourPlace, peerBinary, peerPlace, type Place, type Ran } from './peer.ts'

setDefaultTimeout(120_000)

const binary = peerBinary()
const SECRETS = { SAME: '1', DIFF: 'vault value', ONLY_VAULT: 'it is new', EMPTYISH: ' ' }

let places: Place[] = []
beforeAll(() => {
  if (binary === undefined) return
  places = [ourPlace(), peerPlace(binary)]
  for (const place of places) {
    // All in one call, for each call of the peer takes a quarter of a second.
    const lines = Object.entries(SECRETS).map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
    writeFileSync(join(place.folder, '.env'), lines.join(''))
    place.must(['import', '.env'])
    rmSync(join(place.folder, '.env'))
    place.must(['projects', 'create', 'web'])
    place.must(['set', 'URL', 'https://web/?a=b', '-p', 'web'])
  }
})
afterAll(() => {
  for (const place of places) place.remove()
})

/** Runs the same words on both, after writing the same file. */
function both(file: string, words: string[]): Ran[] {
  return places.map((place) => {
    writeFileSync(join(place.folder, '.env.test'), file)
    return place.run(words)
  })
}

describe('the same dotenv file', () => {
  const print = ['sh', '-c', 'for n in A B C D E F G SAME; do eval "printf \'%s=[%s]\\n\' $n \\"\\$$n\\""; done']

  test.each([
    'A=${tvault://SAME}-${tvault://current/DIFF}\nB=${tvault:///SAME}\nC=${tvault://web/URL}\n',
    "A=tvault://web/URL\nB=${a${tvault://SAME}}\nC=${tvault://SAME\nD='${tvault://SAME}'\nE=$${tvault://SAME}\nF=${x}${tvault://SAME}\n",
    'A="x\\ny" # c\nexport B=\'$HOME\'\nC=two words # c\nSAME=file\nD=\n',
    'A=${tvault://}\n',
    'A=${tvault://a b}\n',
    'A=${tvault://web/}\n',
    'A=${tvault://NOPE}\n',
    'A=${tvault://nope/KEY}\n',
    'A=${tvault://sa-me}\n',
  ])('run --env-file gives a program the same, or ends the same: %j', (file) => {
    if (binary === undefined) return
    const [ours, theirs] = both(file, ['run', '-e', '.env.test', '--', ...print]) as [Ran, Ran]
    expect([ours.code, ours.out.toString()]).toEqual([theirs.code, theirs.out.toString()])
  })

  test('--no-vault', () => {
    if (binary === undefined) return
    for (const file of ['A=1\n', 'A=${tvault://SAME}\n']) {
      const [ours, theirs] = both(file, ['run', '-e', '.env.test', '--no-vault', '--', ...print]) as [Ran, Ran]
      expect([ours.code, ours.out.toString()]).toEqual([theirs.code, theirs.out.toString()])
    }
  })

  test('diff finds the same, by name and by value', () => {
    if (binary === undefined) return
    for (const words of [
      ['diff', '.env.test', '--json'],
      ['diff', '.env.test', '--json', '--values'],
    ]) {
      const answers = both('SAME=1\nDIFF=file\nONLY_FILE=x\n', words).map(({ code, out }) => {
        const { references: _, lines: __, ...rest } = JSON.parse(out.toString()) as Record<string, unknown>
        return [code, rest]
      })
      expect(answers[0]).toEqual(answers[1])
    }
  })

  test('sync push reports the same blocks', () => {
    if (binary === undefined) return
    const blocks = both('SAME=1\nDIFF=file\nPUSHED=x\n', ['sync', '-d', 'push', '--path', '.env.test']).map(
      ({ code, out }) => [
        code,
        out
          .toString()
          .split('\n')
          .filter((line) => /^(Direction|Project|Vault|Env|Created|Unchanged|Skipped|  - )/.test(line)),
      ],
    )
    expect(blocks[0]).toEqual(blocks[1])
  })
})

describe('a file that one has written', () => {
  test('sync pull of ours is in sync for the peer, and the other way round', () => {
    if (binary === undefined) return
    const [ours, theirs] = places as [Place, Place]
    const [mine, other] = [join(ours.folder, '.env'), join(theirs.folder, '.env')]
    writeFileSync(mine, '# kept\nDIFF="old"\n')
    ours.must(['sync', 'pull', '-y'])
    expect(readFileSync(mine, 'utf8')).toStartWith('# kept\nDIFF="vault value"\n')
    expect(statSync(mine).mode & 0o777).toBe(0o600)
    writeFileSync(other, readFileSync(mine))
    expect(theirs.must(['diff', '.env', '--values']).toString()).toContain('In sync.')
    theirs.must(['sync', '-d', 'pull'])
    writeFileSync(mine, readFileSync(other))
    expect(ours.must(['diff', '.env', '--values', '--exit-code']).toString()).toContain('In sync.')
  })
})
