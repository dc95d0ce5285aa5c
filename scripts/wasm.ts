// Builds wasm/ into dist/argon2.wasm and dist/aead.wasm and prints their hashes. The same sources give the same bytes
// on every machine: only packages of the lock file take part, and nothing writes a path or a time into the modules.
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const dist = join(root, 'dist')
const stamp = join(dist, 'wasm.stamp')

interface Module {
  name: string
  compile: readonly string[]
  optimize: readonly string[]
}

const MODULES: readonly Module[] = [
  {
    name: 'argon2',
    // Shared, because Workers may fill lanes; 4 GiB is as much as 32-bit addresses reach.
    compile: ['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
    optimize: ['--enable-threads'],
  },
  { name: 'aead', compile: ['--initialMemory', '2', '--maximumMemory', '2'], optimize: [] },
]

const COMPILE = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd,threads']
// Folds address additions into loads and stores, a tenth of the time; that is why addresses below 1024 stay unused.
const OPTIMIZE = [
  '-O3',
  '--low-memory-unused',
  '--optimize-added-constants-propagate',
  '-O3',
  '--enable-simd',
  '--enable-bulk-memory',
]

export interface Built {
  name: string
  size: number
  sha256: string
}

/** Runs a tool of node_modules under this Bun, without Node. Throws with its output when it fails. */
function tool(path: string, words: readonly string[]): void {
  const command = [process.execPath, '--bun', join(root, 'node_modules', path), ...words]
  const done = Bun.spawnSync(command, { cwd: root, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  if (done.exitCode !== 0) throw new Error(`${path} failed\n${done.stdout.toString()}${done.stderr.toString()}`)
}

/** Builds both modules into `folder`; a module that is there already is replaced in one step. */
export function buildWasm(folder: string): Built[] {
  mkdirSync(folder, { recursive: true })
  const work = mkdtempSync(join(folder, '.wasm-'))
  try {
    return MODULES.map(({ name, compile, optimize }) => {
      const plain = join(work, 'plain.wasm')
      const fast = join(work, 'fast.wasm')
      tool('assemblyscript/bin/asc.js', [`wasm/${name}.ts`, '-o', plain, ...COMPILE, ...compile])
      tool('binaryen/bin/wasm-opt', [plain, '-o', fast, ...OPTIMIZE, ...optimize])
      const bytes = readFileSync(fast)
      renameSync(fast, join(folder, `${name}.wasm`))
      return { name, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** A hash of everything that takes part in the build. */
function inputs(): string {
  const hash = createHash('sha256')
  const sources = readdirSync(join(root, 'wasm'))
    .toSorted()
    .map((name) => join('wasm', name))
  const packages = ['assemblyscript', 'binaryen'].map((name) => join('node_modules', name, 'package.json'))
  for (const path of [...sources, ...packages, join('scripts', 'wasm.ts')]) {
    hash.update(`${path}\n`).update(readFileSync(join(root, path)))
  }
  return hash.digest('hex')
}

/** Builds into dist/ if a module is missing or was built from other sources; a few milliseconds otherwise. */
export function freshWasm(): void {
  const now = inputs()
  const there = [stamp, ...MODULES.map(({ name }) => join(dist, `${name}.wasm`))].every((path) => existsSync(path))
  if (there && readFileSync(stamp, 'utf8') === now) return
  buildWasm(dist)
  writeFileSync(stamp, now)
}

if (import.meta.main) {
  for (const { name, size, sha256 } of buildWasm(dist))
    console.log(`dist/${name}.wasm  ${size} bytes  sha256 ${sha256}`)
  writeFileSync(stamp, inputs())
}
