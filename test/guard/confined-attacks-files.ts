// Attacks by a confined program on files: those that are hidden, and those that nobody granted.
import {
  chmodSync,
  closeSync,
  constants,
  linkSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { act, done, reads, toSome } from './confined-attack.ts'
import type { Attack } from './confined-attack.ts'
import { call } from './raw-calls.ts'

export const FILES: Attack[] = [
  { about: 'read the vault', by: 'landlock', run: ({ vaultFile }) => reads(vaultFile, 'ciphertext') },
  { about: 'read the key of an identity', by: 'landlock', run: ({ identity }) => reads(identity, 'tvault-key1') },
  { about: 'list the vault directory', by: 'landlock', run: ({ vault }) => void readdirSync(vault) },
  {
    about: 'list the directory in which the vault lies',
    by: 'landlock',
    run: ({ home }) => void readdirSync(home),
  },
  {
    about: 'follow a link that lay there to the vault',
    by: 'landlock',
    run: () => reads('link/vault.db', 'ciphertext'),
  },
  {
    about: 'make a link and follow it',
    by: 'landlock',
    run: ({ vault }) => {
      rmSync('own-link', { force: true })
      symlinkSync(vault, 'own-link')
      return reads('own-link/vault.db', 'ciphertext')
    },
  },
  {
    about: 'give the vault a second name (hard link)',
    by: 'landlock',
    run: ({ vaultFile }) => {
      linkSync(vaultFile, 'second')
      rmSync('second')
      return undefined
    },
  },
  {
    about: 'move the vault away and back',
    by: 'landlock',
    run: ({ vaultFile }) => {
      renameSync(vaultFile, 'moved')
      renameSync('moved', vaultFile)
      return undefined
    },
  },
  {
    about: 'exchange the vault with a file of its own',
    by: 'landlock',
    run: ({ vaultFile }) => {
      writeFileSync('mine', 'mine')
      const exchange = () => done(call('renameat2', -100, 'mine', -100, vaultFile, 2))
      return exchange() ?? exchange()
    },
  },
  {
    about: 'go through /proc/self/root',
    by: 'landlock',
    run: ({ vaultFile }) => reads(`/proc/self/root${vaultFile}`, 'cipher'),
  },
  {
    about: 'go through /proc/self/cwd and up',
    by: 'landlock',
    run: () => reads('/proc/self/cwd/../home/vault/vault.db', 'cipher'),
  },
  {
    about: 'go through /proc of another process',
    by: 'landlock',
    run: (target) => toSome(target, (pid) => reads(`/proc/${pid}/root${target.vaultFile}`, 'ciphertext')),
  },
  {
    about: 'hold the directory with O_PATH and read from there',
    by: 'landlock',
    run: ({ vault }) => {
      const held = openSync(vault, 0o10000000)
      try {
        return reads(`/proc/self/fd/${held}/vault.db`, 'ciphertext')
      } finally {
        closeSync(held)
      }
    },
  },
  {
    about: 'write where nothing was granted',
    by: 'landlock',
    run: ({ outside }) => act(() => writeFileSync(outside, 'written')),
  },
  {
    about: 'create a file where nothing was granted',
    by: 'landlock',
    run: ({ outside }) => {
      writeFileSync(`${outside}.new`, '')
      unlinkSync(`${outside}.new`)
      return undefined
    },
  },
  { about: 'empty a file by name', by: 'landlock', since: 3, run: ({ outside }) => done(call('truncate', outside, 0)) },
  {
    about: 'remove the vault',
    by: 'landlock',
    run: ({ vaultFile }) => {
      const before = readFileSync(vaultFile)
      unlinkSync(vaultFile)
      writeFileSync(vaultFile, before)
      return undefined
    },
  },
  {
    about: 'plant a file where one is looked for and none is yet',
    by: 'landlock',
    run: ({ absent }) => {
      writeFileSync(absent, '')
      unlinkSync(absent)
      return undefined
    },
  },
  {
    about: 'lead a link that leads to the vault elsewhere',
    by: 'landlock',
    run: ({ redirect, vault }) => {
      unlinkSync(redirect)
      symlinkSync(vault, redirect)
      return undefined
    },
  },
  { about: 'read what only root reads', by: 'landlock', ofRoot: true, run: () => reads('/etc/shadow', 'root:') },
  {
    about: 'open the disk itself',
    by: 'landlock',
    ofRoot: true,
    run: () => {
      const disk = /^\s*\d+\s+\d+\s+\d+\s+(?!zram|loop|ram)(\S+)$/m.exec(readFileSync('/proc/partitions', 'latin1'))
      closeSync(openSync(`/dev/${disk?.[1] ?? 'none'}`, 'r'))
      return undefined
    },
  },
  {
    about: 'open a setting of the kernel for writing (core_pattern)',
    by: 'landlock',
    ofRoot: true,
    run: () => act(() => closeSync(openSync('/proc/sys/kernel/core_pattern', constants.O_WRONLY))),
  },
  {
    about: 'make a device',
    by: 'both',
    ofRoot: true,
    run: () => {
      const error = done(call('mknodat', -100, 'device', 0o020600, 0x103))
      rmSync('device', { force: true })
      return error
    },
  },
  {
    about: 'open the vault by its number on the disk',
    by: 'both',
    ofRoot: true,
    run: ({ vaultFile }) => {
      const handle = Buffer.alloc(136)
      handle.writeUInt32LE(128, 0)
      const named = call('name_to_handle_at', -100, vaultFile, handle, new Int32Array(1), 0)
      if (named.error !== undefined) return named.error
      const here = openSync('.', 'r')
      const opened = call('open_by_handle_at', here, handle, 0)
      closeSync(here)
      if (opened.error === undefined) closeSync(opened.value)
      return opened.error
    },
  },
  {
    about: 'mount the vault to another place',
    by: 'both',
    ofRoot: true,
    run: ({ vault }) => {
      const error = done(call('mount', vault, join(process.cwd(), 'place'), '', 4096, 0))
      if (error === undefined) call('umount2', join(process.cwd(), 'place'), 0)
      return error
    },
  },
  { about: 'change the root directory', by: 'both', ofRoot: true, run: () => done(call('chroot', '/')) },
  {
    about: 'make a program that runs as its owner (chmod)',
    by: 'seccomp',
    run: () => {
      writeFileSync('program', '')
      chmodSync('program', 0o4755)
      return undefined
    },
  },
  {
    about: 'make a program that runs as its owner (open)',
    by: 'seccomp',
    run: () => {
      rmSync('set-id', { force: true })
      return done(call('openat', -100, 'set-id', 0o102, 0o4755))
    },
  },
]
