// The command that tells the passphrase: what is taken from it, and every way in which it may fail (W48).
import { describe, expect, test } from 'bun:test'
import { runPassphraseCommand } from '../../src/guard/passphrase-command.ts'
import { toFailure } from '../../src/lib/errors.ts'
import type { Failure } from '../../src/lib/errors.ts'

const limits = { setting: 'THE_SETTING', timeoutSeconds: 20, maxBytes: 4096 }

async function told(command: string | readonly string[], environment = process.env): Promise<string> {
  return Buffer.from((await runPassphraseCommand(command, limits, environment)).reveal()).toString('latin1')
}

async function refused(command: string | readonly string[], changed: Partial<typeof limits> = {}): Promise<Failure> {
  try {
    await runPassphraseCommand(command, { ...limits, ...changed })
  } catch (error) {
    return toFailure(error)
  }
  throw new Error('nothing was thrown')
}

describe('what it says', () => {
  test.each([
    [String.raw`printf "pass\n"`, 'pass'],
    [String.raw`printf "pass\r\n\n\n"`, 'pass'],
    [String.raw`printf " two  words \n"`, ' two  words '],
    [String.raw`printf 'pass\r'`, 'pass\r'],
    [String.raw`printf 'a\nb\n'`, 'a\nb'],
    [String.raw`printf '\377\376'`, '\xff\xfe'],
    [`echo '$HOME'`, '$HOME'],
  ])('%s', async (command, expected) => expect(await told(command)).toBe(expected))

  test('a list of words is not split again', async () => expect(await told(['printf', '%s', 'a b "c'])).toBe('a b "c'))

  test('it gets no input and nothing that opens a vault', async () => {
    const environment = { ...process.env, TVAULT_PASSPHRASE: 'p', TVAULT_DIR: '/d' }
    expect(await told('sh -c "cat; echo end"')).toBe('end')
    expect(await told(`sh -c 'echo "\${TVAULT_PASSPHRASE-none} $TVAULT_DIR"'`, environment)).toBe('none /d')
  })

  test('4096 bytes are taken', async () => expect(await told('head -c 4096 /dev/zero')).toHaveLength(4096))
})

describe('failures name the setting and never the output', () => {
  test.each([
    ['false', 'exit code 1'],
    [`sh -c 'echo topsecret; exit 3'`, 'exit code 3'],
    ['true', 'printed nothing'],
    [String.raw`printf "\n\n"`, 'printed nothing'],
    ['head -c 4097 /dev/zero', 'more than 4096 bytes'],
    ['yes', 'more than 4096 bytes'],
    ['no-such-program-here', 'command not found'],
    [' ', 'is empty'],
  ])('%s', async (command, words) => {
    const failure = await refused(command)
    expect(failure.kind).toBe('failed')
    expect(failure.message).toContain(words)
    expect(failure.message).toContain('THE_SETTING')
    expect(failure.message).not.toContain('topsecret')
  })

  test('one that is too slow is ended', async () => {
    const start = performance.now()
    const failure = await refused('sleep 60', { timeoutSeconds: 0.2 })
    expect(failure.message).toContain('took longer than')
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})
