// The one way to compile a program of ours, used for the product and for the empty program it is measured against.
import { rmSync } from 'node:fs'
import type { CompileBuildOptions } from 'bun'
import { writeRuntime } from './runtime.ts'

/**
 * Calls `build` with the options that make `outfile` obey nothing of the folder it stands in, on a runtime that does
 * not obey Bun's variables. Returns how many names were taken out of the runtime (0 where that is not supported).
 */
export async function compileOptions(
  outfile: string,
  build: (options: CompileBuildOptions) => Promise<unknown>,
): Promise<number> {
  const runtime = `${outfile}.runtime-${process.pid}`
  const silenced = process.platform === 'linux' ? writeRuntime(process.execPath, runtime) : 0
  try {
    await build({
      outfile,
      ...(silenced > 0 && { executablePath: runtime }),
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    })
  } finally {
    rmSync(runtime, { force: true })
  }
  return silenced
}
