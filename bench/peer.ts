// The Go TinyVault 0.23 as a yardstick: fetched from the package registry into .bench when it can be, else left out.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BENCH } from './harness.ts'

const VERSION = '0.23.0'

/** Path of the peer's binary, or undefined (with a word on stderr) where there is none for this platform. */
export function peer(): string | undefined {
  const name = `@thelacanians/tinyvault-${process.platform}-${process.arch}`
  const binary = join(BENCH, 'peer', 'node_modules', name, 'bin', 'tvault')
  if (existsSync(binary)) return binary
  mkdirSync(join(BENCH, 'peer'), { recursive: true })
  const npm = Bun.which('npm')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const done =
    npm &&
    Bun.spawnSync([npm, 'install', '--prefix', join(BENCH, 'peer'), ...flags, `${name}@${VERSION}`], {
      cwd: BENCH,
      stdin: 'ignore',
    })
  if (done && done.exitCode === 0 && existsSync(binary)) return binary
  console.error(
    `the Go peer could not be fetched (${npm ? 'the registry said no' : 'npm is missing'}); its rows are left out`,
  )
  return undefined
}
