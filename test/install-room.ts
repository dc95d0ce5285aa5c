// A place to try scripts/install.sh in: a home, a server with a release, and the script through a pipe as people call it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { PUBLIC_KEY } from './small-release.ts'

export const SCRIPT = join(import.meta.dir, '..', 'scripts', 'install.sh')

/** What a release holds beside the program. */
export const MORE = {
  'share/man/man1/tvault.1': '.TH',
  'share/bash-completion/completions/tvault': '# bash',
  'share/zsh/site-functions/_tvault': '# zsh',
  'share/fish/vendor_completions.d/tvault.fish': '# fish',
}

export interface Options {
  shell?: readonly string[]
  path?: string
  from?: string
  key?: string
  user?: readonly string[]
  script?: Blob
}

export class InstallRoom {
  /** Not where other temporary files are: that may be a place into which another user cannot look. */
  readonly folder = mkdtempSync(join('/tmp', 'tvault-install-'))
  /** What the server serves. */
  readonly release = join(this.folder, 'release')
  readonly home = join(this.folder, 'home')
  readonly temporary = join(this.folder, 'tmp')
  readonly prefix = join(this.home, '.local')
  readonly #server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => new Response(Bun.file(join(this.release, new URL(request.url).pathname))),
    error: () => new Response('', { status: 404 }),
  })

  get from(): string {
    return `http://127.0.0.1:${this.#server.port}`
  }

  /** An empty home and an empty temporary folder. */
  clear(): void {
    for (const path of [this.home, this.temporary]) {
      rmSync(path, { recursive: true, force: true })
      mkdirSync(path, { recursive: true })
    }
  }

  async install(words: readonly string[] = [], options: Options = {}) {
    const { shell = ['sh'], path = '/usr/bin:/bin', from = this.from, key = PUBLIC_KEY, user = [] } = options
    const [first = 'sh', ...rest] = shell
    const command = [...user, Bun.which(first) ?? first, ...rest, '-s', '--']
    const child = Bun.spawn([...command, '--base-url', from, '--key', key, ...words], {
      cwd: this.folder,
      env: { PATH: path, HOME: this.home, TMPDIR: this.temporary },
      stdin: options.script ?? Bun.file(SCRIPT),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    return { code, out, err }
  }

  /** Names of all files below home, sorted. */
  files(): string[] {
    return [...new Bun.Glob('**/*').scanSync({ cwd: this.home, dot: true })].toSorted()
  }

  /** What the installed program says that it is. */
  says(): string {
    return Bun.spawnSync([join(this.prefix, 'bin/tvault'), '--version']).stdout.toString()
  }

  /** Everything below home and the temporary folder with times and modes, also empty folders. */
  tree(): string {
    const listed = Bun.spawnSync(['ls', '-lAR', '--time-style=full-iso', this.home, this.temporary])
    return listed.stdout.toString()
  }

  async remove(): Promise<void> {
    await this.#server.stop(true)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A server that announces the whole of every file below `folder`, and of `name` gives only the beginning. */
export function cutServer(folder: string, name: string) {
  return Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      async data(socket, request) {
        const path = /^GET \/(\S+)/.exec(request.toString())?.[1] ?? ''
        const bytes = await Bun.file(join(folder, path)).bytes()
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\nconnection: close\r\n\r\n`)
        socket.write(path === name ? bytes.subarray(0, 40) : bytes)
        socket.end()
      },
    },
  })
}
