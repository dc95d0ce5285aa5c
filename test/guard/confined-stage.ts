// A stage for the attacks: a vault, programs and sockets to attack, and the attacker on it, free and confined. The test
// starts this file as itself and as a user without rights. Arguments: directory for all, attacker, launcher, and `each`
// for two runs more, in which one half of the confinement is missing. Beside the attacker may lie a program of root.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runConfined } from '../../src/guard/confined.ts'
import { confinement, confinementOf } from '../../src/guard/confinement.ts'
import type { Confinement } from '../../src/guard/confinement.ts'
import type { Target } from './confined-attack.ts'
import { call, unixAddress } from './raw-calls.ts'

const [root = '', attacker = '', launcher = '', each] = Bun.argv.slice(2)
const rootsProgram = join(dirname(attacker), 'roots')
const [AF_UNIX, STREAM, DGRAM] = [1, 1, 2] as const

function bound(name: string, type: number): string {
  const { value } = call('socket', AF_UNIX, type, 0)
  const address = unixAddress(name)
  call('bind', value, address, address.length)
  if (type === STREAM) call('listen', value, 9)
  return name
}

const tcp = (hostname: string) => {
  try {
    return Bun.listen({ hostname, port: 0, socket: { data: () => undefined } })
  } catch {
    return undefined
  }
}

async function prepared(name: string): Promise<{ place: string; work: string; target: Target; stop: () => void }> {
  const place = join(root, name)
  const [work, home] = [join(place, 'work'), join(place, 'home')]
  const vault = join(home, 'vault')
  const vaultFile = join(vault, 'vault.db')
  const identity = join(vault, 'identities', 'me.key')
  for (const directory of [join(work, 'place'), dirname(identity)]) mkdirSync(directory, { recursive: true })
  writeFileSync(vaultFile, 'ciphertext')
  writeFileSync(identity, 'tvault-key1')
  writeFileSync(join(home, 'other'), 'other')
  symlinkSync(vault, join(work, 'link'))
  symlinkSync(vault, join(home, 'redirect'))
  const outside = join(place, 'outside')
  writeFileSync(outside, 'outside')
  const victim = Bun.spawn(['sh', '-c', 'exec sleep 1000 3< "$0"', vaultFile], {
    env: { CANARY: 'tweet', PATH: '/usr/bin:/bin' },
  })
  while (!readFileSync(`/proc/${victim.pid}/cmdline`, 'latin1').startsWith('sleep')) await Bun.sleep(1)
  const target: Target = {
    vault,
    vaultFile,
    identity,
    home,
    redirect: join(home, 'redirect'),
    absent: join(home, 'absent'),
    outside,
    victims: [victim.pid],
    agentSocket: bound(join(place, 'agent.sock'), STREAM),
    abstractSocket: bound(`@${place}`, STREAM),
    datagramSocket: bound(join(place, 'log.sock'), DGRAM),
    tcpPort: tcp('127.0.0.1')?.port ?? 0,
    tcp6Port: tcp('::1')?.port ?? 0,
    udpPort: (await Bun.udpSocket({ hostname: '127.0.0.1' })).port,
    rootsProgram: existsSync(rootsProgram) ? rootsProgram : undefined,
  }
  return { place, work, target, stop: () => victim.kill('SIGKILL') }
}

const grantedPort = tcp('127.0.0.1')!.port
const words = (target: Target): string[] => [process.execPath, attacker, JSON.stringify({ target, grantedPort })]

async function free() {
  const { work, target, stop } = await prepared('free')
  const child = Bun.spawn(words(target), {
    cwd: work,
    env: { TMPDIR: work, PATH: '/usr/bin:/bin' },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text()])
  stop()
  return error === '' ? JSON.parse(out) : { error }
}

async function confined(name: string, kernel: Confinement) {
  const { work, target, stop } = await prepared(name)
  const { stdout, stderr, ...rest } = await runConfined(
    {
      // Against this process as well, which started it.
      command: words({ ...target, victims: [...target.victims, process.pid] }),
      directory: work,
      files: {
        read: [dirname(process.execPath), dirname(attacker)],
        write: [work, target.home],
        hidden: [target.vault, target.redirect, target.absent],
      },
      network: { connect: [grantedPort] },
      given: [],
      timeoutSeconds: 60,
      headBytes: 100_000,
      tailBytes: 1000,
      required: false,
    },
    { environment: process.env, launcher: [process.execPath, launcher], kernel },
  )
  stop()
  const error = Buffer.from(stderr.head).toString()
  return { ...rest, ...(error === '' ? JSON.parse(Buffer.from(stdout.head).toString()) : { error }) }
}

const kernel = confinement()
const report = {
  kernel,
  free: await free(),
  confined: await confined('confined', kernel),
  ...(each === 'each' && {
    withoutFilter: await confined('without-filter', confinementOf({ ...kernel, seccomp: false })),
    withoutLandlock: await confined('without-landlock', confinementOf({ ...kernel, landlock: 0 })),
  }),
}
console.log(JSON.stringify(report))
process.exit(0)
