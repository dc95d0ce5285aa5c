// The same words given to TinyVault 0.23 and to ours start docker with the same arguments and the same secrets; what
// scripts read of status, doctor, help and shell-init has the same names.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { ourPlace, peerBinary, peerPlace } from './peer.ts'
import type { Place } from './peer.ts'

setDefaultTimeout(60_000)

const peer = peerBinary()
const ours = ourPlace()
const theirs = peer === undefined ? undefined : peerPlace(peer)
afterAll(() => {
  ours.remove()
  theirs?.remove()
})

/** A program that shows its arguments, its secrets and its input, and ends with 5. */
const DOCKER = `#!/bin/sh
printf '[%s]' "$@"; echo
env | grep -aE '^(A|B_KEY|DOCKER_BUILDKIT)=' | sort
cat
exit 5
`

for (const place of theirs ? [ours, theirs] : [ours]) {
  const bin = join(place.folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'docker'), DOCKER)
  chmodSync(join(bin, 'docker'), 0o755)
  place.environment['PATH'] = `${bin}:${place.environment['PATH']}`
  place.run(['set', 'A', "it's $x"])
  place.run(['set', 'B_KEY', 'two\\nlines'])
}

if (theirs) {
  test.each([
    [['docker', 'run', '--only', 'A', '--', '--rm', 'alpine', 'env']],
    [['docker', 'run', '--', 'alpine']],
    [['docker', 'build', '--prefix', 'B_', '--', '-t', 'x', '.']],
    [['docker', 'compose', '--', 'up', '-d']],
    [['docker', '--only', 'A', 'compose', '--', 'ps']],
  ])('%j', (words) => {
    const [mine, other] = [ours, theirs].map((place) => place.run(words, { stdin: 'typed' }))
    expect({ code: mine!.code, out: mine!.out.toString() }).toEqual({ code: other!.code, out: other!.out.toString() })
  })

  test.each(['bash', 'zsh', 'fish'])('shell-init %s', (shell) => {
    const words = ['shell-init', shell, '--project', 'default', '--allow-unlock']
    expect(ours.run(words).out.toString()).toBe(theirs.run(words).out.toString())
    const without = ['shell-init', shell, '--project', 'default']
    for (const place of [ours, theirs]) expect(place.run(without)).toMatchObject({ code: 0, out: Buffer.alloc(0) })
  })

  const keys = (place: Place, words: readonly string[]) => {
    const data: unknown = JSON.parse(place.run([...words, '--json']).out.toString())
    return Object.keys(data as object)
  }

  test.each([
    [['status']],
    [['doctor']],
    [['help']],
    [['help', 'safety']],
    [['help', 'output']],
    [['help', 'agent']],
    [['docs']],
  ])('every key of %j is there', (words) =>
    expect(keys(ours, words)).toEqual(expect.arrayContaining(keys(theirs, words))),
  )

  test('every check of doctor is there, in the same order', () => {
    const checks = (place: Place) =>
      (JSON.parse(place.run(['doctor', '--json']).out.toString()) as { checks: { name: string }[] }).checks.map(
        ({ name }) => name,
      )
    const [mine, other] = [checks(ours), checks(theirs)]
    expect(mine.filter((name) => other.includes(name))).toEqual(other)
  })
} else {
  test('there is nothing to compare with here', () => expect(ours.run(['status']).code).toBe(0))
}
