// The WASM modules are the same bytes whenever and wherever they are built.
import { expect, test } from 'bun:test'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '..', '..')

test('a second build in another folder gives the same modules', () => {
  const other = mkdtempSync(join(tmpdir(), 'tvault-wasm-'))
  try {
    for (const name of ['wasm', 'scripts', 'package.json', 'bun.lock'])
      cpSync(join(root, name), join(other, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'))
    const built = Bun.spawnSync([process.execPath, join(other, 'scripts', 'wasm.ts')], { cwd: other, stderr: 'pipe' })
    expect([built.exitCode, built.stderr.toString()]).toEqual([0, ''])
    for (const name of ['argon2.wasm', 'aead.wasm']) {
      expect(readFileSync(join(other, 'dist', name)).equals(readFileSync(join(root, 'dist', name)))).toBeTrue()
    }
  } finally {
    rmSync(other, { recursive: true, force: true })
  }
}, 60_000)
