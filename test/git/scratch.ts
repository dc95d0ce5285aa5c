// A repository to try things in, with a git of its own: nobody's configuration but the test's.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Identity } from '../../src/crypto/recipient.ts'
import type { Surroundings } from '../../src/git/filter.ts'
import { printRecipients } from '../../src/formats/recipients-file.ts'

export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), 'tvault-git-'))
  readonly top = join(this.folder, 'work tree')
  readonly environment: Record<string, string>
  readonly notes: string[] = []

  constructor() {
    mkdirSync(this.top)
    this.environment = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: this.folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'n',
      GIT_AUTHOR_EMAIL: 'n@example.org',
      GIT_COMMITTER_NAME: 'n',
      GIT_COMMITTER_EMAIL: 'n@example.org',
    }
    this.git('init', '--quiet', '--initial-branch=main')
  }

  /** Runs git in the top directory and gives what it printed. Throws when it fails. */
  git(...words: string[]): string {
    const { code, out, err } = this.tryGit(words)
    if (code !== 0) throw new Error(`git ${words.join(' ')} ended with ${code}: ${err}`)
    return out
  }

  tryGit(words: readonly string[], stdin?: Uint8Array): { code: number; out: string; err: string } {
    const done = Bun.spawnSync(['git', ...words], { cwd: this.top, env: this.environment, stdin: stdin ?? 'ignore' })
    return { code: done.exitCode ?? 1, out: done.stdout.toString(), err: done.stderr.toString() }
  }

  path(name: string): string {
    return join(this.top, name)
  }

  write(name: string, content: string | Uint8Array, mode?: number): void {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), content)
    if (mode !== undefined) chmodSync(this.path(name), mode)
  }

  /** Puts `content` into the index as it is, without any filter. */
  stage(name: string, content: Uint8Array): string {
    const { out } = this.tryGit(['hash-object', '-w', '--stdin', '--no-filters'], content)
    const oid = out.trim()
    this.git('update-index', '--add', '--cacheinfo', `100644,${oid},${name}`)
    return oid
  }

  recipients(...identities: Identity[]): void {
    this.write('.tvault-recipients', printRecipients(identities.map(({ recipient }) => recipient)))
  }

  around(...identities: Identity[]): Surroundings {
    return {
      cwd: this.top,
      environment: this.environment,
      identities: async () => identities,
      note: (text) => void this.notes.push(text),
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** New identities, each with a key of its own. */
export function identities(count: number): Identity[] {
  return Array.from({ length: count }, () => Identity.generate())
}
