// The yardsticks: programs of others, fetched into .bench from the package registry or from Debian when they can be, else
// left out with a word on standard error. Nothing of them is in the product.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BENCH } from './harness.ts'

const VERSION = '0.23.0'
const DOTENVX = '2.38.2'

/** Path of the Go TinyVault, or undefined where there is none for this platform. */
export function peer(): string | undefined {
  const name = `@thelacanians/tinyvault-${process.platform}-${process.arch}`
  return fetched(`${name}@${VERSION}`, 'peer', join(name, 'bin', 'tvault'))
}

/** The words that start dotenvx, which needs Node. */
export function dotenvx(): string[] | undefined {
  const node = Bun.which('node')
  if (node === null) return undefined
  const path = fetched(`@dotenvx/dotenvx@${DOTENVX}`, 'peers', '@dotenvx/dotenvx/src/cli/dotenvx.js')
  return path === undefined ? undefined : [node, path]
}

/** Debian's argon2, installed or unpacked into .bench, and the variables that it needs. */
export function nativeArgon2(): { binary: string; env: Record<string, string> } | undefined {
  const installed = Bun.which('argon2')
  if (installed !== null) return { binary: installed, env: {} }
  const folder = join(BENCH, 'debian')
  const binary = join(folder, 'usr', 'bin', 'argon2')
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    const command = 'apt-get download argon2 libargon2-1 && for deb in *.deb; do dpkg -x "$deb" .; done'
    Bun.spawnSync(['sh', '-c', command], { cwd: folder, stdin: 'ignore' })
  }
  if (!existsSync(binary)) {
    console.error('argon2 of Debian is not to be had; its rows are left out')
    return undefined
  }
  return { binary, env: { LD_LIBRARY_PATH: join(folder, 'usr', 'lib', `${machine()}-linux-gnu`) } }
}

function machine(): string {
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64'
}

/** `path` in the packages of a folder of .bench, after installing `what` there if it is missing. */
function fetched(what: string, folder: string, path: string): string | undefined {
  const there = join(BENCH, folder, 'node_modules', path)
  if (existsSync(there)) return there
  mkdirSync(join(BENCH, folder), { recursive: true })
  const npm = Bun.which('npm')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const done =
    npm &&
    Bun.spawnSync([npm, 'install', '--prefix', join(BENCH, folder), ...flags, what], { cwd: BENCH, stdin: 'ignore' })
  if (done && done.exitCode === 0 && existsSync(there)) return there
  console.error(`${what} could not be fetched (${npm ? 'the registry said no' : 'npm is missing'}); it is left out`)
  return undefined
}
