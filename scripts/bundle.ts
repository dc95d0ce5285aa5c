// From the sources to one program: the bundle with everything in it, a look whether something would still be looked
// for at run time, and the compiled file. `npm run build` makes it for this machine, scripts/release.ts for all.
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { BuildConfig, BuildOutput } from 'bun'
import { compileOptions } from './compile.ts'
import { kdbxPlugin } from './kdbx-plugin.ts'
import { lmdbPlugin } from './lmdb-plugin.ts'
import { mcpPlugin } from './mcp-plugin.ts'
import { hostPlatform, programName } from './platforms.ts'
import type { Platform } from './platforms.ts'
import { quickPlugin } from './quick-plugin.ts'
import { unresolved } from './unresolved.ts'

const root = join(import.meta.dir, '..')

/** What a build is told about itself. */
export interface Identity {
  /** Short name of the commit. */
  commit: string
  /** Where newer versions are and the public key they are signed with; empty for builds that are not released. */
  url?: string
  key?: string
}

/** Files that stand in for what is installed on this machine. */
export interface Foreign {
  runtime: string
  addon: string
}

/** `Bun.build` for `platform`: the same options for the look and for the compiled file. */
async function options(platform: Platform, identity: Identity, foreign?: Foreign) {
  return {
    entrypoints: [join(root, 'src', 'main.ts')],
    root,
    target: 'bun',
    format: 'esm',
    splitting: true,
    minify: true,
    plugins: [lmdbPlugin(platform, foreign?.addon), kdbxPlugin, mcpPlugin, await quickPlugin()],
    define: {
      'process.env.TVAULT_COMMIT': JSON.stringify(identity.commit),
      'process.env.TVAULT_BUILD_PLATFORM': JSON.stringify(platform.name),
      'process.env.TVAULT_RELEASE_URL': JSON.stringify(identity.url ?? ''),
      'process.env.TVAULT_RELEASE_KEY': JSON.stringify(identity.key ?? ''),
    },
    throw: true,
  } as const satisfies BuildConfig
}

/** Runs `build` in the root: the names of chunks follow from paths as they are seen from the current folder. */
async function inRoot<T>(build: () => Promise<T>): Promise<T> {
  const before = process.cwd()
  process.chdir(root)
  try {
    return await build()
  } finally {
    process.chdir(before)
  }
}

/** The bundle as such. Throws when something in it would be looked for at run time. `metafile` lists what is in it. */
export async function bundle(platform: Platform, identity: Identity, foreign?: Foreign): Promise<BuildOutput> {
  const built = await inRoot(async () => Bun.build({ ...(await options(platform, identity, foreign)), metafile: true }))
  const open = await unresolved(built.outputs)
  if (open.length > 0) throw new Error(`the bundle would look for these at run time:\n  ${open.join('\n  ')}`)
  return built
}

/**
 * Compiles the program for `platform` into `target`, which is replaced when the new one is complete. Equal sources give
 * equal bytes: the file is made under a name that is always the same, because it becomes part of it. Returns how many
 * names of variables were taken out of the runtime.
 */
export async function compileProgram(
  target: string,
  identity: Identity,
  platform: Platform = hostPlatform(),
  foreign?: Foreign,
): Promise<number> {
  const work = mkdtempSync(join(dirname(target), '.compile-'))
  try {
    const file = resolve(work, programName(platform))
    const { system, architecture, libc } = platform
    const name = `bun-${system}-${architecture}${libc === 'musl' ? '-musl' : ''}` as Bun.Build.CompileTarget
    const shared = await inRoot(() => options(platform, identity, foreign))
    const silenced = await compileOptions(
      file,
      (compile) => inRoot(() => Bun.build({ ...shared, bytecode: true, compile: { ...compile, target: name } })),
      foreign?.runtime,
    )
    renameSync(file, target)
    return silenced
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
