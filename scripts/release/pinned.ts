// Gets pinned packages: npm fetches the tarball, and it counts only when its bytes have the pinned hash. Unpacked below
// .tools/release, where the next release finds it again.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pinned } from '../platforms.ts'

const root = join(import.meta.dir, '..', '..')
const shelf = join(root, '.tools', 'release')

function run(command: readonly string[], cwd: string): string {
  const done = Bun.spawnSync([...command], { cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  if (done.exitCode !== 0) throw new Error(`${command.join(' ')} failed\n${done.stderr.toString()}`)
  return done.stdout.toString().trim()
}

/** The folder with what is in the package. Throws when npm gives other bytes than the pinned ones. */
export function fetchPinned({ name, version, integrity }: Pinned): string {
  const target = join(shelf, `${name.replace('/', '-')}-${version}`)
  const stamp = join(target, '.integrity')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === integrity) return join(target, 'package')
  mkdirSync(shelf, { recursive: true })
  const work = mkdtempSync(join(shelf, '.fetch-'))
  try {
    const packed = JSON.parse(run(['npm', 'pack', '--json', `${name}@${version}`], work)) as [{ filename: string }]
    const tarball = join(work, packed[0].filename.replace('@', '').replace('/', '-'))
    const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
    if (found !== integrity) throw new Error(`${name}@${version} is not the pinned one: it has ${found}`)
    run(['tar', '-xzf', tarball], work)
    rmSync(tarball)
    rmSync(target, { recursive: true, force: true })
    renameSync(work, target)
    writeFileSync(stamp, integrity)
    return join(target, 'package')
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
