// Attacks by a confined program on other programs and on its own limits.
import { chownSync, closeSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { act, done, reads, toSome } from './confined-attack.ts'
import type { Attack } from './confined-attack.ts'
import { addressOf, call, errnoNames, numbers } from './raw-calls.ts'

const CLONE_NEWUSER = 0x1000_0000
const CLONE_NEWUTS = 0x0400_0000
const SIGCHLD = 17

/** clone(2) or clone3(2) as a fork, by Perl: a copy of a program with threads does not get far. */
function forks(name: 'clone' | 'clone3', args: string): string | undefined {
  const script = `my $r = syscall(${numbers.get(name)}, ${args}); exit 0 if $r == 0; print $r < 0 ? $! + 0 : 'done'; wait`
  const { stdout, stderr } = Bun.spawnSync(['perl', '-e', script])
  const answer = stdout.toString()
  return answer === 'done' ? undefined : (errnoNames.get(Number(answer)) ?? stderr.toString().trim())
}

export const PROCESSES: Attack[] = [
  {
    about: 'read the environment of another process',
    by: 'landlock',
    run: (target) => toSome(target, (pid) => reads(`/proc/${pid}/environ`, 'CANARY')),
  },
  {
    about: 'open the memory of another process',
    by: 'landlock',
    run: (target) => toSome(target, (pid) => act(() => closeSync(openSync(`/proc/${pid}/mem`, 'r')))),
  },
  {
    about: 'read the memory map of another process',
    by: 'landlock',
    run: (target) => toSome(target, (pid) => reads(`/proc/${pid}/maps`, '[stack]')),
  },
  {
    about: 'read a file that another process has open',
    by: 'landlock',
    run: (target) => toSome(target, (pid) => reads(`/proc/${pid}/fd/3`, 'ciphertext')),
  },
  {
    about: 'see which files another process has open',
    by: 'landlock',
    run: (target) => toSome(target, (pid) => void readlinkSync(`/proc/${pid}/fd/3`)),
  },
  {
    about: 'trace another process',
    by: 'both',
    // PTRACE_SEIZE; it ends with this process.
    run: (target) => toSome(target, (pid) => done(call('ptrace', 0x4206, pid, 0, 0))),
  },
  {
    about: 'read the memory of another process',
    by: 'both',
    run: (target) =>
      toSome(target, (pid) => {
        const buffer = Buffer.alloc(8)
        const local = new BigUint64Array([addressOf(buffer), BigInt(buffer.length)])
        // An address that is not mapped is EFAULT for who may look.
        const { error } = call(
          'process_vm_readv',
          pid,
          local,
          1,
          new BigUint64Array([4096n, BigInt(buffer.length)]),
          1,
          0,
        )
        return error === 'EFAULT' ? undefined : error
      }),
  },
  {
    about: 'take a descriptor of another process',
    by: 'both',
    run: (target) =>
      toSome(target, (pid) => {
        const held = call('pidfd_open', pid, 0)
        return held.error ?? done(call('pidfd_getfd', held.value, 3, 0))
      }),
  },
  {
    about: 'compare its memory with that of another process',
    by: 'both',
    run: (target) => toSome(target, (pid) => done(call('kcmp', process.pid, pid, 1, 0, 0))),
  },
  {
    about: 'send a signal to another process',
    by: 'landlock',
    since: 6,
    run: (target) => toSome(target, (pid) => done(call('kill', pid, 0))),
  },
  {
    about: 'send a signal to a thread of another process',
    by: 'landlock',
    since: 6,
    run: (target) => toSome(target, (pid) => done(call('tgkill', pid, pid, 0))),
  },
  {
    about: 'send a signal to another process that it holds',
    by: 'landlock',
    since: 6,
    run: (target) =>
      toSome(target, (pid) => {
        const held = call('pidfd_open', pid, 0)
        return held.error ?? done(call('pidfd_send_signal', held.value, 0, 0, 0))
      }),
  },
  {
    about: 'set a limit of another process, which can kill it',
    by: 'seccomp',
    run: (target) =>
      toSome(target, (pid) => {
        const limit = new BigUint64Array(2)
        return done(call('prlimit64', pid, 7, 0, limit)) ?? done(call('prlimit64', pid, 7, limit, 0))
      }),
  },
  {
    about: 'take off the mark by which it is found',
    by: 'seccomp',
    run: () => done(call('prlimit64', 0, 10, new BigUint64Array([1n << 40n, 1n << 40n]), 0)),
  },
  {
    about: 'take off the mark in the old way',
    by: 'seccomp',
    run: () => done(call('setrlimit', 10, new BigUint64Array([1n << 39n, 1n << 39n]))),
  },
  {
    about: 'have a user namespace (program)',
    by: 'seccomp',
    run: () => {
      const { exitCode, stderr } = Bun.spawnSync(['unshare', '-U', 'true'])
      return exitCode === 0 ? undefined : stderr.toString().trim()
    },
  },
  {
    about: 'have a user namespace (clone)',
    by: 'seccomp',
    run: () => forks('clone', `${CLONE_NEWUSER | SIGCHLD}, 0, 0, 0, 0`),
  },
  {
    about: 'have a user namespace (clone3)',
    by: 'seccomp',
    run: () => forks('clone3', `my $a = pack('Q8', ${CLONE_NEWUSER}, 0, 0, 0, ${SIGCHLD}, 0, 0, 0), 64`),
  },
  { about: 'have a namespace of its own', by: 'both', ofRoot: true, run: () => done(call('unshare', CLONE_NEWUTS)) },
  {
    about: 'enter a namespace',
    by: 'both',
    ofRoot: true,
    run: () => {
      const own = openSync('/proc/self/ns/uts', 'r')
      const error = done(call('setns', own, 0))
      closeSync(own)
      return error
    },
  },
  {
    about: 'have a capability',
    by: 'capabilities',
    ofRoot: true,
    run: () => (/^CapEff:\s+0+$/m.test(readFileSync('/proc/self/status', 'latin1')) ? 'none' : undefined),
  },
  {
    about: 'give a file away',
    by: 'capabilities',
    ofRoot: true,
    run: () => {
      writeFileSync('given', '')
      chownSync('given', 65_534, 65_534)
      return undefined
    },
  },
  {
    about: 'get more rights by a program that has them',
    by: 'capabilities',
    run: ({ rootsProgram }) => {
      if (rootsProgram === undefined)
        return call('prctl', 39, 0, 0, 0, 0).value === 1 ? 'no_new_privs is set' : undefined
      return Bun.spawnSync([rootsProgram, '-u']).stdout.toString() === '0\n' ? undefined : 'the same user as before'
    },
  },
]
