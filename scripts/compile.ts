// The one way to compile a program of ours, used for the product and for the empty program it is measured against.
import { rmSync } from 'node:fs'
import type { CompileBuildOptions } from 'bun'
import { writeRuntime } from './runtime.ts'

/**
 * Calls `build` with the options that make `outfile` obey nothing of the folder it stands in, on a runtime that does
 * not obey Bun's variables: a copy of the Bun at `source`, by default the one that runs. Returns how many names were
 * taken out of it. The last part of `outfile` becomes part of the program.
 */
export async function compileOptions(
  outfile: string,
  build: (options: CompileBuildOptions) => Promise<unknown>,
  source: string = process.execPath,
): Promise<number> {
  const runtime = `${outfile}.runtime-${process.pid}`
  const silenced = writeRuntime(source, runtime)
  try {
    await build({
      outfile,
      executablePath: runtime,
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
