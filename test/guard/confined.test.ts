// Running a program confined: what it is given, what it inherits, how it ends, and what is said where the kernel cannot
// hold it. The attacks are in confined-attacks.test.ts.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { ConfinedWish } from '../../src/guard/confined.ts'
import type { Given } from '../../src/guard/confined-values.ts'
import { confinement, confinementOf } from '../../src/guard/confinement.ts'
import { Redactor } from '../../src/guard/redact.ts'
import { Secret } from '../../src/lib/secret.ts'
import { cleanUp, prepare, root, run, sh, vault, vaultFile, wish, work } from './confined-run.ts'

beforeAll(prepare)
afterAll(cleanUp)

const TOKEN = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'
const secret = (text: string): Secret => Secret.fromText(text)
const { confined: canConfine, landlock } = confinement()
if (!canConfine) console.warn('NOT TRIED: this kernel cannot confine a program', confinement())

describe('the program', () => {
  test('returns its code and both streams', async () => {
    const { out, err, exitCode, signal, confined, timedOut, strays } = await run(sh('echo out; echo err >&2; exit 7'))
    expect({ out, err, exitCode, signal, timedOut, confined }).toEqual({
      ...{ out: 'out\n', err: 'err\n', exitCode: 7, signal: undefined, timedOut: false, confined: canConfine },
    })
    expect(strays).toEqual({ killed: 0, left: 0 })
  })

  test('ends of its own signals', async () => {
    const { exitCode, signal } = await run(sh('kill -USR1 $$'))
    expect([exitCode, signal]).toEqual([138, 'SIGUSR1'])
  })

  test('gets its words as they are, without a shell', async () => {
    const words = ['', ' ', '--', '$HOME', '"', '*', 'é\n☃']
    expect((await run(['printf', '[%s]', ...words])).out).toBe(
      Buffer.from(words.map((word) => `[${word}]`).join('')).toString('latin1'),
    )
  })

  test('starts in its directory, as leader of a session, with no signal ignored or blocked', async () => {
    const { out } = await run(sh('pwd; ps -o pid=,pgid=,sid=,tty= -p $$; grep -E "^Sig(Ign|Blk)" /proc/self/status'))
    const [directory, ids = '', ...signals] = out.trim().split('\n')
    const [pid, pgid, sid, tty] = ids.trim().split(/\s+/)
    expect([directory, pgid, sid, tty]).toEqual([work, pid, pid, '?'])
    expect(signals).toEqual(['SigBlk:\t0000000000000000', 'SigIgn:\t0000000000000000'])
  })

  test('a relative name is one in its directory', async () => {
    writeFileSync(join(work, 'own'), '#!/bin/sh\necho own\n', { mode: 0o755 })
    expect((await run(['./own'])).out).toBe('own\n')
  })

  test('has three open files, and none of them is how it was told what to do', async () => {
    const { out } = await run(sh('ls -l /proc/self/fd | sed -n "s/.* \\([0-9]*\\) -> /\\1 /p"; cat <&3'))
    expect(out.replace(/pipe:\[\d+\]/g, 'pipe').replace(/\/proc\/\d+/, '/proc/N')).toBe(
      '0 /dev/null\n1 pipe\n2 pipe\n3 /proc/N/fd\n',
    )
  })

  test('its output can be opened by name', async () => {
    expect((await run(sh('echo a > /dev/stdout; echo b > /dev/stderr'))).out).toBe('a\n')
  })
})

describe('the environment', () => {
  test('is what was promised, to the byte', async () => {
    const { out } = await run(sh('env -0 | tr "\\0" "\\n" | sort'), {
      given: [{ to: 'environment', name: 'RAW', value: new Secret(Uint8Array.of(0xff, 0x80)) }],
      path: '/usr/bin:/bin',
    })
    expect(out.split('\n').filter((line) => !/^(?:_|OLDPWD|SHLVL|TMPDIR)=|^$/.test(line))).toEqual([
      ...['HOME=' + root, 'LANG=C.UTF-8', 'PATH=/usr/bin:/bin', `PWD=${work}`, 'RAW=\xff\x80'],
    ])
  })

  test('a secret cannot steer a loader, a shell or an interpreter, and nothing is started', async () => {
    for (const name of ['LD_PRELOAD', 'BASH_ENV', 'ENV', 'NODE_OPTIONS', 'GIT_SSH_COMMAND', 'PATH']) {
      for (const to of ['environment', 'descriptor'] as const) {
        const value = secret('/tmp/evil.so')
        await expect(run(sh('touch started'), { given: [{ to, name, value }] })).rejects.toMatchObject({
          kind: 'denied',
        })
        expect(value.size).toBe(0)
      }
    }
    expect(existsSync(join(work, 'started'))).toBe(false)
  })
})

describe('values', () => {
  test('come as a variable, as input, under a descriptor and in a file, and are wiped here', async () => {
    const given: Given[] = [
      { to: 'environment', name: 'KEY', value: secret('in a variable') },
      { to: 'descriptor', name: 'FIRST', value: secret('under 3\n') },
      { to: 'descriptor', name: 'SECOND', value: secret('under 4\n') },
      { to: 'file', name: 'FILE', fileName: 'id_ed25519', value: secret('in a file\n') },
      { to: 'input', value: secret('as input\n') },
    ]
    const script =
      'echo "$KEY"; cat; cat <&3; cat <&4; cat "$FIRST"; sh -c \'cat "$SECOND"\'; cat "$FILE"; stat -c %a "$FILE"; echo $FILE'
    const { out, exitCode } = await run(sh(script), { given })
    const [path = '', ...lines] = out.trim().split('\n').reverse()
    expect(lines.reverse()).toEqual([
      ...['in a variable', 'as input', 'under 3', 'under 4', 'under 3', 'under 4', 'in a file', '600'],
    ])
    expect([exitCode, path.endsWith('/id_ed25519'), existsSync(path), existsSync(join(path, '..'))]).toEqual([
      0,
      true,
      false,
      false,
    ])
    expect(given.map(({ value }) => value.size)).toEqual([0, 0, 0, 0, 0])
  })

  test('any bytes and any size under a descriptor and as input', async () => {
    const big = Buffer.alloc(3_000_000, 'ab\0\xff', 'latin1')
    const given: Given[] = [
      { to: 'descriptor', name: 'BIG', value: new Secret(new Uint8Array(big)) },
      { to: 'input', value: new Secret(new Uint8Array(big)) },
    ]
    // It leaves its input unread in the second run.
    const { out } = await run(sh('sha256sum < $BIG; sha256sum'), { given })
    const sum = new Bun.CryptoHasher('sha256').update(big).digest('hex')
    expect(out).toBe(`${sum}  -\n${sum}  -\n`)
    const unread: Given[] = [{ to: 'input', value: new Secret(new Uint8Array(big)) }]
    expect((await run(['true'], { given: unread })).exitCode).toBe(0)
  })

  test('cannot be changed where they lie', async () => {
    const given: Given[] = [
      { to: 'descriptor', name: 'FD', value: secret('kept') },
      { to: 'file', name: 'FILE', fileName: 'f', value: secret('kept') },
    ]
    const { out } = await run(sh('(echo x >&3) 2>&-; (echo x > "$FILE") 2>&-; (rm "$FILE") 2>&-; cat "$FD" "$FILE"'), {
      given,
    })
    if (canConfine) expect(out).toBe('keptkept')
  })

  test('bad names and doubles are refused', async () => {
    const value = secret('x')
    const refused = (given: Given[]) => expect(run(['true'], { given })).rejects.toMatchObject({ kind: 'usage' })
    await refused([{ to: 'environment', name: 'A=B', value }])
    await refused([
      { to: 'environment', name: 'A', value },
      { to: 'file', name: 'A', fileName: 'f', value },
    ])
    await refused([
      { to: 'input', value },
      { to: 'input', value },
    ])
    for (const fileName of ['..', '.', '', 'a/b', '../x', 'a\0'])
      await refused([{ to: 'file', name: 'A', fileName, value }])
  })

  test('what no variable can hold is said, by name', async () => {
    const given: Given[] = [{ to: 'environment', name: 'BIG', value: new Secret(new Uint8Array(200_000).fill(97)) }]
    await expect(run(['true'], { given })).rejects.toThrow('the value of BIG is too big')
    const nul: Given[] = [{ to: 'environment', name: 'NUL', value: secret('a\0b') }]
    await expect(run(['true'], { given: nul })).rejects.toThrow('the value of NUL holds a NUL byte')
  })
})

describe('output', () => {
  test('is cut in the middle when it is long, with numbers', async () => {
    const { stdout } = await (async () => {
      const { runConfined } = await import('../../src/guard/confined.ts')
      const { around } = await import('./confined-run.ts')
      return runConfined(
        { ...wish, command: sh('echo first; yes | head -c 60000000; echo last'), headBytes: 10, tailBytes: 7 },
        around,
      )
    })()
    expect([Buffer.from(stdout.head).toString(), Buffer.from(stdout.tail).toString()]).toEqual([
      'first\ny\ny\n',
      'y\nlast\n'.slice(0),
    ])
    expect([stdout.total, stdout.dropped]).toEqual([60_000_011, 60_000_011 - 17])
  })

  test('passes the redactor before it is cut', async () => {
    const value = secret(TOKEN)
    const redactor = new Redactor([{ name: 'KEY', value }])
    const filters = { stdout: redactor, stderr: redactor.another() }
    const { out, err } = await run(
      sh(
        'echo "a $KEY b"; for c in ${KEY%%live*} ${KEY#sk_}; do printf %s "$c"; done; printf %s "$KEY" | base64 -w 0 >&2',
      ),
      { given: [{ to: 'environment', name: 'KEY', value }], headBytes: 30, tailBytes: 30 },
      { filters },
    )
    expect(out).toBe('a [REDACTED:KEY] b\n[REDACTED:KEY]')
    expect(err).toBe('[REDACTED:KEY]')
  })
})

describe('what it writes', () => {
  test('has a limit of size, and leaves no core', async () => {
    const { exitCode, signal, out } = await run(sh('ulimit -H -c; exec head -c 5000 /dev/zero > big'), {
      fileBytes: 4096,
    })
    expect([exitCode, signal, out]).toEqual([153, 'SIGXFSZ', '0\n'])
    expect(readFileSync(join(work, 'big')).length).toBe(4096)
  })

  test('in its private directory goes with it, whatever it did there', async () => {
    const { out, leftBehind } = await run(
      sh('mkdir -p "$TMPDIR/a/b"; ln -s / "$TMPDIR/a/root"; chmod 0 "$TMPDIR/a/b" "$TMPDIR/a"; echo $TMPDIR'),
    )
    expect([
      existsSync(out.trim()),
      leftBehind,
      readdirSync(root).filter((name) => name.startsWith('tvault-')),
    ]).toEqual([false, [], []])
  })
})

describe('where the kernel cannot confine it', () => {
  const old = (version: number) => confinementOf({ landlock: version, seccomp: true, strays: true })

  test('the result says so, with what is missing', async () => {
    const without = await run(['true'], {}, { kernel: confinementOf({ landlock: 0, seccomp: false, strays: false }) })
    expect([without.confined, without.gaps.length, without.exitCode]).toEqual([false, 5, 0])
    const ports = await run(['true'], { network: { connect: [443] } }, { kernel: old(3) })
    expect([ports.confined, ports.gaps.some((gap) => gap.startsWith('network:'))]).toEqual([false, true])
  })

  test('it is not started when it must be confined', async () => {
    const value = secret('x')
    const given: Given[] = [{ to: 'environment', name: 'A', value }]
    let released = false
    const release = async (): Promise<void> => void (released = true)
    await expect(
      run(sh('touch started'), { given, required: true }, { kernel: old(0), release }),
    ).rejects.toMatchObject({ kind: 'denied' })
    await expect(run(['true'], { network: { connect: [] }, required: true }, { kernel: old(3) })).rejects.toMatchObject(
      { kind: 'denied' },
    )
    expect([existsSync(join(work, 'started')), released, value.size]).toEqual([false, false, 0])
  })

  test.each([1, 2, 3, 4, 5, 6, 7])('Landlock %d: the vault is out of reach, its own files are not', async (version) => {
    if (landlock < version) return console.warn(`NOT TRIED: Landlock ${version}, this kernel has ${landlock}`)
    const script = `cat ${vaultFile}; echo x > ${vaultFile}; mkdir -p d; echo kept > d/f; mv d/f d/g; cat d/g; truncate -s 0 ${vaultFile}`
    const { out } = await run(sh(script), { network: { connect: [1] } }, { kernel: old(version) })
    expect([out, readFileSync(vaultFile, 'latin1')]).toEqual(['kept\n', 'ciphertext'])
  })
})

describe('what is wrong is said before anything starts', () => {
  const cases: [string, string[], Partial<ConfinedWish>, string, RegExp][] = [
    ['no such program', ['no-such-program'], {}, 'command_not_found', /no-such-program/],
    ['no program at all', [], {}, 'command_not_found', /command not found/],
    ['no such directory', ['true'], { directory: '/no-such-place' }, 'not_found', /no-such-place/],
    ['a directory that was not granted', ['true'], { directory: '/var' }, 'denied', /not inside/],
    [
      'a directory that is hidden',
      ['true'],
      { directory: vault, files: { read: [root], hidden: [vault] } },
      'denied',
      /./,
    ],
    [
      'a root inside of what is hidden',
      ['true'],
      { files: { write: [work, vault], hidden: [vault] } },
      'denied',
      /hidden/,
    ],
    [
      'a root that does not exist',
      ['true'],
      { files: { read: [work, '/no-such-place'], hidden: [] } },
      'not_found',
      /no-such-place/,
    ],
    ['a relative path', ['true'], { files: { read: ['work'], hidden: [] } }, 'usage', /absolute/],
    ['a NUL byte', ['true', 'a\0b'], {}, 'usage', /NUL/],
    ['a port that is none', ['true'], { network: { connect: [0] } }, 'usage', /port/],
    ['half a port', ['true'], { network: { connect: [1.5] } }, 'usage', /port/],
    ['no time', ['true'], { timeoutSeconds: 0 }, 'usage', /timeout/],
    ['a time that is none', ['true'], { timeoutSeconds: Number.NaN }, 'usage', /timeout/],
  ]
  test.each(cases)('%s', async (_, command, more, kind, message) => {
    await expect(run(command, more)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) })
  })

  test('a program outside of what it may read', async () => {
    const outside = join(root, 'outside')
    writeFileSync(outside, '#!/bin/sh\n')
    chmodSync(outside, 0o755)
    if (canConfine) {
      await expect(run([outside])).rejects.toMatchObject({
        kind: 'cannot_execute',
        message: expect.stringContaining('outside'),
      })
    }
    writeFileSync(join(work, 'odd'), '#!/no/such/interpreter\n', { mode: 0o755 })
    await expect(run(['./odd'])).rejects.toMatchObject({ kind: 'cannot_execute' })
  })

  test('a directory that became a link to the vault at the last moment', async () => {
    const swapped = join(root, 'swapped')
    mkdirSync(swapped)
    const release = async (): Promise<void> => {
      rmSync(swapped, { recursive: true })
      symlinkSync(vault, swapped)
    }
    const files = { write: [work, swapped], hidden: [vault] }
    if (canConfine) await expect(run(['true'], { files }, { release })).rejects.toMatchObject({ kind: 'failed' })
    rmSync(swapped, { recursive: true })
  })

  test('the word for it is not for users', () => {
    const main = join(import.meta.dir, '..', '..', 'src', 'main.ts')
    const precious = join(root, 'precious')
    writeFileSync(precious, 'kept')
    const { exitCode, stderr } = Bun.spawnSync([
      'sh',
      '-c',
      '"$@" 3<> "$0"',
      precious,
      process.execPath,
      main,
      '--confined',
    ])
    expect([exitCode, stderr.toString()]).toEqual([2, 'Error: this word is for tvault itself\n'])
    expect(readFileSync(precious, 'latin1')).toBe('kept')
  })
})
