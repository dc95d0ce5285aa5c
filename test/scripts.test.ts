// Every journey of test/scripts on the program, and proof that the runner can see a journey fail.
import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseScript, runScript } from './script.ts'

const folder = join(import.meta.dir, 'scripts')
const journeys = readdirSync(folder).filter((name) => name.endsWith('.txt'))
/** A journey is many processes, and each may take up to the limit of the runner. */
const MINUTES = 3 * 60_000

describe('journeys', () => {
  for (const name of journeys) {
    test.concurrent(
      name,
      async () => {
        expect((await runScript(join(folder, name))).checks).toBeGreaterThan(0)
      },
      MINUTES,
    )
  }
})

describe('the runner', () => {
  /** The error of a journey with this text, or undefined when it passed. */
  async function failure(text: string): Promise<string | undefined> {
    const directory = mkdtempSync(join(tmpdir(), 'tvault-runner-'))
    try {
      writeFileSync(join(directory, 'journey.txt'), text)
      await runScript(join(directory, 'journey.txt'))
      return undefined
    } catch (error) {
      return String(error)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }

  test.each([
    ['a wrong exit code', 'exit 3 exec sh -c "exit 4"', 'exit code 4, expected 3'],
    ['a failure where success was expected', 'exec false', 'exit code 1, expected 0'],
    ['success where a failure was expected', '! exec true', 'exit code 0, expected failure'],
    ['a crash where a failure was expected', '! exec sh -c "kill -SEGV $$"', 'expected failure'],
    ['missing output', 'exec echo one\nstdout two', 'expected: stdout matches two'],
    ['output that must not be', 'exec echo one\n! stdout .', 'expected not: stdout'],
    ['different files', 'file a <<\n1\n<<\nfile b <<\n2\n<<\ncmp a b', 'expected: a equals b'],
    ['an unknown word', 'frobnicate', 'unknown word: frobnicate'],
    ['a prompt that never comes', 'tty <<\nexpect Passphrase\n<<\nexec echo hello', 'never showed'],
    ['an open block', 'file a <<\n1', 'the block is not closed'],
  ])('%s is seen', async (_what, text, message) => {
    expect(await failure(text)).toContain(message)
  })

  test('a journey that holds passes', async () => {
    const text = [
      'env A=1',
      'exec sh -c "echo out$A; echo err >&2"',
      "stdout '^out1$'",
      'stderr err',
      'file in <<\ntyped\n<<\nstdin in\nexec cat',
      'cmp stdout in',
      '! exists nowhere',
      'tty <<\nexpect name\ntype me\npress enter\n<<\nexec sh -c "test -t 0 && printf name: && read n && echo hello $n"',
      "stdout 'hello me'",
    ]
    expect(await failure(text.join('\n'))).toBeUndefined()
  })

  test('nothing of the caller is inherited but PATH', async () => {
    process.env['TVAULT_LEAK'] = '1'
    expect(await failure('exec env\n! stdout TVAULT_LEAK\nstdout ^HOME=\n! stdout ^USER=')).toBeUndefined()
    delete process.env['TVAULT_LEAK']
  })

  test('words, quotes and comments', () => {
    expect(parseScript('a \'b c\' d"e f" # rest\n\n# only\nx').map((line) => line.words)).toEqual([
      ['a', 'b c', 'de f'],
      ['x'],
    ])
  })
})
