// Puts a new program in the place of the running one: tried before, put there in one step, tried again there, and the
// old one put back when that fails. At every moment there is a whole program under the name.
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { fileFailure, lstatOrNothing, removeQuietly, syncDirectory, writeAtomically } from '../lib/files.ts'
import { printable } from '../lib/names.ts'

const TRIAL_MILLISECONDS = 20_000
const LEFT_MILLISECONDS = 3_600_000
const OURS = /^\.tvault-(?:fresh|previous)-[0-9a-f-]{36}$/

/** Who put the program there and keeps it up to date, by where it lies; first one that fits. */
const KEEPERS: readonly { fits: (path: string) => boolean; hint: string }[] = [
  { fits: (path) => path.includes('/node_modules/'), hint: 'it came with npm: npm install --global tinyvault@latest' },
  {
    fits: (path) => path.startsWith('/nix/store/'),
    hint: 'it came with nix, which makes a new place for a new version',
  },
  { fits: (path) => path.includes('/Cellar/'), hint: 'it came with Homebrew: brew upgrade tinyvault' },
  {
    fits: (path) => path === '/usr/bin/tvault' && existsSync('/var/lib/dpkg/info/tinyvault.list'),
    hint: 'it came in a deb: dpkg --install the new one',
  },
]

/** Throws `failed` when the program at `place` is kept by somebody else, or cannot be replaced by this user. */
export function checkPlace(place: string): void {
  const keeper = KEEPERS.find(({ fits }) => fits(place))
  if (keeper) throw new Failure('failed', `${printable(place)} is not replaced from here`, { hint: keeper.hint })
  try {
    accessSync(dirname(place), constants.W_OK)
  } catch (error) {
    throw fileFailure(error, dirname(place), 'write')
  }
}

/** Replaces the program at `place` by `program`, which calls itself `version`. Throws `failed`; then the old one is there. */
export async function replaceProgram(place: string, program: Uint8Array, version: string): Promise<void> {
  const directory = dirname(place)
  sweep(directory)
  const id = crypto.randomUUID()
  const [fresh, previous] = [join(directory, `.tvault-fresh-${id}`), join(directory, `.tvault-previous-${id}`)]
  try {
    writeAtomically(fresh, program, { overwrite: false, mode: (statSync(place).mode & 0o777) | 0o700 })
    await tryOut(fresh, version)
    keep(place, previous)
    renameSync(fresh, place)
    try {
      syncDirectory(directory)
      await tryOut(place, version)
    } catch (error) {
      renameSync(previous, place)
      syncDirectory(directory)
      throw error
    }
  } catch (error) {
    throw fileFailure(error, place, 'write')
  } finally {
    removeQuietly(fresh)
    removeQuietly(previous)
  }
}

/** A second name for the program, or a copy where there are no second names. */
function keep(place: string, previous: string): void {
  try {
    linkSync(place, previous)
  } catch {
    copyFileSync(place, previous, constants.COPYFILE_EXCL)
    chmodSync(previous, statSync(place).mode & 0o777)
  }
}

/** Throws `failed` unless the program starts here and says that it is `version`. */
async function tryOut(program: string, version: string): Promise<void> {
  let said = ''
  try {
    const child = Bun.spawn([program, '--version'], {
      cwd: '/',
      env: {},
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
      timeout: TRIAL_MILLISECONDS,
    })
    said = await child.stdout.text()
    if ((await child.exited) !== 0) said = ''
  } catch {
    // It cannot be started: told below.
  }
  if (said.startsWith(`tvault ${version} (`) && (await opensStore(program))) return
  throw new Failure('failed', 'the new program does not run on this machine; the old one stays', {
    hint: 'it may be for another system: tvault version says which this one is for',
  })
}

/** Whether it makes a vault, which is thrown away: only this loads the library of the store. */
async function opensStore(program: string): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'tvault-trial-'))
  try {
    const child = Bun.spawn([program, 'init', '--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1'], {
      cwd: '/',
      env: { TVAULT_DIR: join(directory, 'vault'), TVAULT_PASSPHRASE: 'copper lantern meadow orbit', HOME: directory },
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
      timeout: TRIAL_MILLISECONDS,
    })
    return (await child.exited) === 0
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What an update that was killed left, an hour ago or more. */
function sweep(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!OURS.test(name)) continue
    const left = lstatOrNothing(join(directory, name))
    if (left && Date.now() - left.mtimeMs > LEFT_MILLISECONDS) removeQuietly(join(directory, name))
  }
}

/** The files that go with a program in `<prefix>/bin`, by their names in an archive; only those that are there already. */
export function replaceCompanions(place: string, files: ReadonlyMap<string, Uint8Array>): void {
  const prefix = dirname(dirname(place))
  for (const [name, bytes] of files) {
    const path = join(prefix, name)
    if (!name.startsWith('share/') || !lstatOrNothing(path)?.isFile()) continue
    try {
      writeAtomically(path, bytes, { overwrite: true, mode: 0o644 })
    } catch {
      // A manual page of the version before does no harm; the program is what was asked for.
    }
  }
}
