// Makes dist/tvault: one file that needs nothing beside it. The order matters: the WASM modules, a look at the bundle
// (nothing may be left to be found at run time, because a compiled program looks in the folder it stands in), a
// runtime that does not obey Bun's environment variables, and only then the binary.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, compileProgram } from './bundle.ts'
import { hostPlatform } from './platforms.ts'

const root = join(import.meta.dir, '..')
const dist = join(root, 'dist')

/** Runs another script of this folder; its output is shown only when it fails. */
function script(name: string): void {
  const done = Bun.spawnSync([process.execPath, join(import.meta.dir, name)], {
    cwd: root,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  if (done.exitCode !== 0) throw new Error(`scripts/${name} failed\n${done.stdout.toString()}${done.stderr.toString()}`)
}

/** Builds dist/tvault for this platform, replacing the old one only when the new one is complete. */
async function build(): Promise<void> {
  mkdirSync(dist, { recursive: true })
  script('wasm.ts')

  const identity = { commit: process.env['TVAULT_COMMIT'] ?? 'unknown' }
  await bundle(hostPlatform(), identity)
  const target = join(dist, 'tvault')
  const silenced = await compileProgram(target, identity)
  const megabytes = (statSync(target).size / 1e6).toFixed(1)
  console.log(`dist/tvault  ${megabytes} MB  sha256 ${createHash('sha256').update(readFileSync(target)).digest('hex')}`)
  console.log(`${silenced} names of variables that Bun would obey were taken out of the runtime`)
}

try {
  await build()
} catch (error) {
  console.error(error instanceof AggregateError ? error.errors.map(String).join('\n') : error)
  process.exitCode = 1
}
