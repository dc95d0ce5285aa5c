// One person with a machine: a home, a vault directory with identities, a git of their own, and `tvault` on PATH, which
// is our program or the peer's.
import { afterAll } from 'bun:test'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Place, ourBinary } from './peer.ts'
import type { Ran, RunOptions } from './peer.ts'

export class Person extends Place {
  /** tvault1… of the identity `default`, when there is one. */
  readonly recipient: string

  constructor(options: { binary?: string; identity?: boolean } = {}) {
    const command = options.binary === undefined ? ourBinary() : [options.binary]
    super(command)
    const bin = join(this.folder, 'bin')
    mkdirSync(bin)
    const [first = '', ...more] = command
    if (more.length === 0) symlinkSync(resolve(first), join(bin, 'tvault'))
    else {
      const quoted = [Bun.which(first) ?? first, ...more].map((word) => `'${word}'`).join(' ')
      writeFileSync(join(bin, 'tvault'), `#!/bin/sh\nexec ${quoted} "$@"\n`)
      chmodSync(join(bin, 'tvault'), 0o755)
    }
    Object.assign(this.environment, {
      PATH: `${bin}:${this.environment['PATH']}`,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'n',
      GIT_AUTHOR_EMAIL: 'n@example.org',
      GIT_COMMITTER_NAME: 'n',
      GIT_COMMITTER_EMAIL: 'n@example.org',
    })
    delete this.environment['TVAULT_PASSPHRASE']
    this.recipient = ''
    if (options.identity === false) return
    if (options.binary === undefined) {
      const made = this.must(['identity', 'new', '--json']).toString()
      this.recipient = (JSON.parse(made) as { recipient: string }).recipient
    } else {
      // The peer says it only in its list.
      this.must(['identity', 'new'])
      this.recipient = this.must(['identity', 'list']).toString().split(/\s+/)[1]!
    }
  }

  /** A new repository of this person with this name. */
  repository(name = 'repository'): Work {
    const top = join(this.folder, name)
    this.git(this.folder, ['init', '--quiet', '--initial-branch=main', top])
    return new Work(this, top)
  }

  clone(from: Work, name = 'clone'): Work {
    const top = join(this.folder, name)
    this.git(this.folder, ['clone', '--quiet', from.top, top])
    return new Work(this, top)
  }

  git(cwd: string, words: readonly string[], options: RunOptions = {}): string {
    const { code, out, err } = this.tryGit(cwd, words, options)
    if (code !== 0) throw new Error(`git ${words.join(' ')} ended with ${code}: ${err}`)
    return out.toString()
  }

  tryGit(cwd: string, words: readonly string[], options: RunOptions = {}): Ran {
    const done = Bun.spawnSync(['git', ...words], {
      cwd,
      env: { ...this.environment, ...options.env },
      stdin: options.stdin === undefined ? 'ignore' : Buffer.from(options.stdin),
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: 60_000,
    })
    return { code: done.exitCode ?? 137, out: done.stdout, err: done.stderr.toString() }
  }
}

/** Makes people who are removed after the tests of the file. */
export function peopleOfThisFile(): (options?: ConstructorParameters<typeof Person>[0]) => Person {
  const people: Person[] = []
  afterAll(() => {
    for (const one of people) one.remove()
  })
  return (options = {}) => {
    const made = new Person(options)
    people.push(made)
    return made
  }
}

/** A work tree of somebody. */
export class Work {
  readonly owner: Person
  readonly top: string

  constructor(owner: Person, top: string) {
    this.owner = owner
    this.top = top
  }

  git(...words: string[]): string {
    return this.owner.git(this.top, words)
  }

  tryGit(words: readonly string[], env: Record<string, string> = {}): Ran {
    return this.owner.tryGit(this.top, words, { env })
  }

  tvault(...words: string[]): string {
    return this.owner.must(words, { cwd: this.top }).toString()
  }

  tryTvault(words: readonly string[], options: RunOptions = {}): Ran {
    return this.owner.run(words, { cwd: this.top, ...options })
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(join(this.top, name, '..'), { recursive: true })
    writeFileSync(join(this.top, name), content)
  }

  /** Makes git look into a file again, as if an editor had written it. */
  touch(name: string): void {
    utimesSync(join(this.top, name), new Date(), new Date(Date.now() + 5000))
  }

  read(name: string): string {
    return readFileSync(join(this.top, name), 'utf8')
  }

  bytes(name: string): Buffer {
    return readFileSync(join(this.top, name))
  }

  /** The blob that git has at `name` of the index or of a revision. */
  blob(name: string): Buffer {
    const done = this.owner.tryGit(this.top, ['cat-file', 'blob', name])
    if (done.code !== 0) throw new Error(done.err)
    return done.out
  }

  commit(message: string): void {
    this.git('add', '--all')
    this.git('commit', '--quiet', '--message', message)
  }
}
