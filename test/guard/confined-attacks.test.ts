// Attacks on the confinement, on the kernel of this machine: each works unconfined, is refused to a confined program,
// and works again without the half of the confinement that is there for it. What cannot be tried here is said.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gaps } from '../../src/guard/confinement.ts'
import type { Confinement } from '../../src/guard/confinement.ts'
import { ATTACKS } from './confined-attacks.ts'

interface Run {
  attacks: (string | null)[]
  errands: Record<string, string | null>
  error?: string
  confined?: boolean
  gaps?: string[]
}

interface Report {
  kernel: Confinement
  free: Run
  confined: Run
  withoutFilter?: Run
  withoutLandlock?: Run
}

/** Another user must get in, so it is not the directory of the test run, which is closed to others. */
const ANYBODYS = '/tmp'

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const root = mkdtempSync(join(ANYBODYS, 'attacks-'))
const programs = join(root, 'programs')

beforeAll(async () => {
  mkdirSync(programs)
  const { outputs } = await Bun.build({
    entrypoints: ['attacker', 'launcher', 'stage'].map((name) => join(import.meta.dir, `confined-${name}.ts`)),
    target: 'bun',
    throw: true,
  })
  for (const output of outputs) await Bun.write(join(programs, output.path), output)
  for (const path of [root, programs]) chmodSync(path, 0o755)
  if (!isRoot) return
  const roots = join(programs, 'roots')
  copyFileSync(Bun.which('id') ?? 'id', roots)
  chmodSync(roots, 0o4755)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function report(name: string, uid: number | undefined): Promise<Report> {
  // For root itself it proves nothing.
  if (isRoot && uid === undefined) rmSync(join(programs, 'roots'))
  const place = join(root, name)
  mkdirSync(place)
  // Somebody else makes directories in it.
  chmodSync(place, 0o777)
  const program = (word: string): string => join(programs, `confined-${word}.js`)
  const own = [process.execPath, program('stage'), place, program('attacker'), program('launcher'), name]
  const words = uid === undefined ? own : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ...own]
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: place, TMPDIR: '/tmp', CANARY: 'tweet' }
  const child = Bun.spawn(words, { cwd: '/', env, stdout: 'pipe', stderr: 'inherit' })
  return JSON.parse(await child.stdout.text())
}

function suite(name: string, uid: number | undefined, ofRoot: boolean): void {
  describe(name, () => {
    let found: Report
    const missing: string[] = []
    beforeAll(async () => {
      found = await report(name, uid)
      for (const run of [found.free, found.confined]) if (run.error !== undefined) throw new Error(run.error)
    }, 60_000)
    afterAll(() => {
      if (missing.length > 0) console.warn(`NOT TRIED (${name}):\n  ${missing.join('\n  ')}`)
    })

    ATTACKS.forEach((attack, i) => {
      const { about, by, since = 1, otherwise } = attack
      if (attack.ofRoot === true && !ofRoot) return
      test(`${i + 1} ${about}: ${by}`, () => {
        const { kernel, withoutFilter, withoutLandlock } = found
        const [free, confined] = [found.free.attacks[i], found.confined.attacks[i]]
        if (free !== null && free !== otherwise) {
          missing.push(`${i + 1} ${about}: unconfined it says ${free}`)
          expect(confined).not.toBeNull()
          return
        }
        if (otherwise !== undefined) expect(confined).not.toBe(otherwise)
        const isThere =
          by === 'landlock' ? kernel.landlock >= since : by === 'seccomp' ? kernel.seccomp : kernel.confined
        if (!isThere) {
          missing.push(`${i + 1} ${about}: this kernel has no ${by}${by === 'landlock' ? ` ${since}` : ''}`)
          return
        }
        const caught = by !== 'nothing' || (attack.exceptRoot === true && ofRoot)
        expect(confined === null).toBe(!caught)
        // Each half is there for something: the attack works without it.
        const works = free === null ? null : free
        if (withoutFilter) expect(withoutFilter.attacks[i] === works).toBe(by === 'seccomp' || by === 'nothing')
        if (withoutLandlock) expect(withoutLandlock.attacks[i] === works).toBe(by === 'landlock' || by === 'nothing')
      })
    })

    test('an honest program finds what it needs', () => {
      const done = Object.fromEntries(Object.keys(found.free.errands).map((errand) => [errand, null]))
      expect(found.free.errands).toEqual(done)
      expect(found.confined.errands).toEqual(done)
    })

    test('the result says what was held', () => {
      expect(found.confined.confined).toBe(found.kernel.confined && found.kernel.network === 'ports')
      expect(found.confined.gaps).toEqual(gaps(found.kernel, { connect: [] }))
      for (const run of [found.withoutFilter, found.withoutLandlock]) if (run) expect(run.confined).toBe(false)
    })

    test('most of them work unconfined, so that this says something', () => {
      const of = ATTACKS.flatMap((attack, i) => (attack.ofRoot === true && !ofRoot ? [] : [found.free.attacks[i]]))
      expect(of.filter((answer) => answer === null).length).toBeGreaterThan(0.8 * of.length)
    })
  })
}

test('there are enough of them', () => {
  expect(ATTACKS.length).toBeGreaterThanOrEqual(50)
})

if (!isRoot || Bun.which('setpriv') !== null) suite('each', isRoot ? NOBODY : undefined, false)
else console.warn('NOT TRIED: attacks by a user without rights, for want of setpriv')
if (isRoot) suite('root', undefined, true)
else console.warn('NOT TRIED: attacks that only root could do')
