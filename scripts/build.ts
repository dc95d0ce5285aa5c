// Makes dist/tvault: one file that needs nothing beside it. The order matters: the WASM modules, a look at the bundle
// (nothing may be left to be found at run time, because a compiled program looks in the folder it stands in), a
// runtime that does not obey Bun's environment variables, and only then the binary.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildConfig } from 'bun'
import { compileOptions } from './compile.ts'
import { kdbxPlugin } from './kdbx-plugin.ts'
import { lmdbPlugin } from './lmdb-plugin.ts'
import { mcpPlugin } from './mcp-plugin.ts'
import { unresolved } from './unresolved.ts'

const root = join(import.meta.dir, '..')
const dist = join(root, 'dist')

/** What the bundle for the scan and the one in the binary have in common. */
const shared = {
  entrypoints: [join(root, 'src', 'main.ts')],
  target: 'bun',
  format: 'esm',
  splitting: true,
  minify: true,
  plugins: [lmdbPlugin, kdbxPlugin, mcpPlugin],
  define: { 'process.env.TVAULT_COMMIT': JSON.stringify(process.env['TVAULT_COMMIT'] ?? 'unknown') },
  throw: true,
} as const satisfies BuildConfig

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

  const bundle = await Bun.build(shared)
  const open = await unresolved(bundle.outputs)
  if (open.length > 0) throw new Error(`the bundle would look for these at run time:\n  ${open.join('\n  ')}`)

  const fresh = join(dist, `.tvault-${process.pid}`)
  try {
    const silenced = await compileOptions(fresh, (compile) => Bun.build({ ...shared, bytecode: true, compile }))
    const target = join(dist, 'tvault')
    renameSync(fresh, target)
    const megabytes = (statSync(target).size / 1e6).toFixed(1)
    console.log(
      `dist/tvault  ${megabytes} MB  sha256 ${createHash('sha256').update(readFileSync(target)).digest('hex')}`,
    )
    console.log(`${silenced} names of variables that Bun would obey were taken out of the runtime`)
  } finally {
    rmSync(fresh, { force: true })
  }
}

try {
  await build()
} catch (error) {
  console.error(error instanceof AggregateError ? error.errors.map(String).join('\n') : error)
  process.exitCode = 1
}
