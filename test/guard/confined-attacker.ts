// The hostile program: does all attacks, then what an honest program needs. Prints both as JSON.
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { act, attempted, done } from './confined-attack.ts'
import type { Target } from './confined-attack.ts'
import { attackAll } from './confined-attacks.ts'
import { call, loopback } from './raw-calls.ts'

const { target, grantedPort }: { target: Target; grantedPort: number } = JSON.parse(Bun.argv[2] ?? '{}')

const ERRANDS: Readonly<Record<string, () => string | undefined>> = {
  'write, move and link in its directory': () => {
    mkdirSync('a/b', { recursive: true })
    writeFileSync('a/file', 'x')
    renameSync('a/file', 'a/b/file')
    symlinkSync('b/file', 'a/link')
    chmodSync('a/b/file', 0o755)
    return readFileSync('a/link', 'latin1') === 'x' ? undefined : 'other content'
  },
  'use its directory for temporary files': () =>
    act(() => writeFileSync(join(process.env['TMPDIR'] ?? '', 'temporary'), 'x')),
  'change what lies beside the vault': () => act(() => appendFileSync(join(target.home, 'other'), 'more')),
  'read the system': () => act(() => readFileSync('/etc/passwd')),
  'start programs': () =>
    Bun.spawnSync(['sh', '-c', 'echo a | cat > /dev/null']).exitCode === 0 ? undefined : 'failed',
  'have a pair of sockets': () => done(call('socketpair', 1, 1, 0, new Int32Array(2))),
  'connect to a port that was granted': () => {
    const address = loopback(grantedPort)
    return done(call('connect', call('socket', 2, 1, 0).value, address, address.length))
  },
  'have a file in memory': () => done(call('memfd_create', 'x', 0)),
}

const errands = Object.fromEntries(Object.entries(ERRANDS).map(([name, run]) => [name, attempted(run) ?? null]))
console.log(JSON.stringify({ attacks: attackAll(target), errands }))
