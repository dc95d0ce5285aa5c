// What `npm start`, `npm test`, `npm run build`, `npm run test:slow` and `npm run bench` call first, on a machine that
// has only Node (18 or newer) or only Bun: gets the pinned Bun, the packages and the binary, each only when it is
// missing or out of date, then hands over. Plain JavaScript without dependencies: nothing is installed yet when it runs.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BUN = '1.4.5'
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const binary = join(root, 'dist', 'tvault')
const stamps = { packages: join(root, 'node_modules', '.tinyvault'), build: join(root, 'dist', '.stamp') }

/** What a goal runs after everything is in place; `start` and `build` are handled in `main`. */
const GOALS = {
  test: ['scripts/test.ts'],
  slow: ['scripts/slow.ts'],
  bench: ['bench/index.ts'],
}

/** An expected end with a sentence for the person; anything else is a bug and shows its stack. */
class Stop extends Error {}

function say(text) {
  process.stderr.write(`${text}\n`)
}

/** Runs a program; on failure shows what it printed and stops with `what`. Quiet otherwise. */
function must(what, file, args, options = {}) {
  const done = spawnSync(file, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options })
  if (done.error) throw new Stop(`${what}: ${done.error.message}`)
  if (done.status !== 0) {
    say(`${done.stdout ?? ''}${done.stderr ?? ''}`.trimEnd())
    throw new Stop(`${what}: ${file} ended with ${done.status ?? done.signal}`)
  }
  return done.stdout
}

/** The package that carries Bun for this machine. Its name is all that is needed: the binary lies inside. */
function bunPackage() {
  const system = { linux: 'linux', darwin: 'darwin' }[process.platform]
  const processor = { x64: 'x64', arm64: 'aarch64' }[process.arch]
  if (!system || !processor)
    throw new Stop(`no Bun for ${process.platform} on ${process.arch}; Linux and macOS are supported`)
  return `@oven/bun-${system}-${processor}${system === 'linux' && usesMusl() ? '-musl' : ''}`
}

function usesMusl() {
  const header = process.report?.getReport?.().header
  if (header && 'glibcVersionRuntime' in header) return false
  return ['/lib', '/usr/lib'].some(
    (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('ld-musl-')),
  )
}

/** Whether `file` is a Bun of the pinned version. */
function isPinned(file) {
  const answer = spawnSync(file, ['--version'], { encoding: 'utf8', env: clean({ ...process.env }) })
  return answer.status === 0 && answer.stdout.trim() === BUN
}

/** Path of the pinned Bun: the one that is running, the private one, the one on PATH, else freshly fetched. */
function findBun() {
  if (process.versions.bun === BUN) return process.execPath
  const name = bunPackage()
  const own = join(root, '.tools', 'node_modules', ...name.split('/'), 'bin', 'bun')
  // The package carries its version, so the usual start needs no extra process.
  const manifest = join(dirname(dirname(own)), 'package.json')
  if (existsSync(own) && JSON.parse(readFileSync(manifest, 'utf8')).version === BUN) return own
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, 'bun')
    if (folder.startsWith('/') && existsSync(candidate) && isPinned(candidate)) return candidate
  }
  say(`fetching Bun ${BUN} into .tools …`)
  mkdirSync(join(root, '.tools'), { recursive: true })
  const npm = spawnSync('npm', ['--version'], { encoding: 'utf8' })
  if (npm.error) {
    throw new Stop(
      `Bun ${BUN} is not installed and npm, which could fetch it, is not on PATH; install npm, or Bun ${BUN} itself`,
    )
  }
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--no-package-lock', '--loglevel=error']
  const scope = ['--global=false', '--dry-run=false', '--workspaces=false']
  must('cannot fetch Bun', 'npm', ['install', '--prefix', '.tools', ...flags, ...scope, `${name}@${BUN}`])
  if (!isPinned(own)) throw new Stop(`the fetched Bun does not run on this machine: ${own}`)
  return own
}

/**
 * `environment` without what a runner put there: npm's own variables (they would leak `npm --flags` into every test)
 * and the variables that make Bun run other code.
 */
function clean(environment) {
  for (const name of Object.keys(environment)) {
    const noise = /^npm_/i.test(name) && !/^npm_config_(registry|cafile|proxy|https_proxy|noproxy)$/i.test(name)
    if (noise || name === 'INIT_CWD' || /^BUN_(OPTIONS|INSPECT|BE_BUN)/.test(name)) delete environment[name]
  }
  return environment
}

/** SHA-256 over names and contents of files and folders, names sorted, so that equal trees give equal text. */
function hashOf(paths) {
  const hash = createHash('sha256')
  const walk = (path) => {
    const full = join(root, path)
    if (!existsSync(full)) return
    const entries = readdir(full)
    if (entries) for (const entry of entries) walk(`${path}/${entry}`)
    else hash.update(`${path}\0`).update(createHash('sha256').update(readFileSync(full)).digest())
  }
  for (const path of paths) walk(path)
  return hash.digest('hex')
}

/** Sorted names in a folder, or undefined when `path` is a file. */
function readdir(path) {
  try {
    return readdirSync(path).sort()
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined
    throw error
  }
}

function isCurrent(stamp, content) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === content
}

/** The registry that npm is set up for, which Bun does not look for in all the places that npm does. */
function registryOfNpm() {
  const asked = spawnSync('npm', ['config', 'get', 'registry'], {
    encoding: 'utf8',
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const registry = asked.status === 0 ? asked.stdout.trim() : ''
  return /^https?:\/\//.test(registry) ? { npm_config_registry: registry } : {}
}

function installPackages(bun, environment) {
  const wanted = `${BUN} ${hashOf(['bun.lock'])}`
  if (isCurrent(stamps.packages, wanted)) return
  say('installing packages …')
  must('cannot install packages', bun, ['install', '--frozen-lockfile'], {
    env: { ...registryOfNpm(), ...environment },
  })
  writeFileSync(stamps.packages, wanted)
}

/** The sources that decide what the binary is; everything else may change without a build. */
const SOURCES = ['src', 'wasm', 'scripts', 'package.json', 'bun.lock', 'tsconfig.json']

/** The commit that last changed the sources, with `+` when they differ from it; `unknown` without git. */
function commitOf() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const last = git('log', '-1', '--format=%h', '--', ...SOURCES)
  if (last.status !== 0 || last.stdout.trim() === '') return 'unknown'
  return last.stdout.trim() + (git('status', '--porcelain', '--', ...SOURCES).stdout === '' ? '' : '+')
}

function build(bun, environment) {
  const commit = commitOf()
  const wanted = `${BUN} ${commit} ${hashOf(SOURCES)}`
  if (existsSync(binary) && isCurrent(stamps.build, wanted)) return
  say('building dist/tvault …')
  const report = must('cannot build', bun, ['scripts/build.ts'], { env: { ...environment, TVAULT_COMMIT: commit } })
  say(report.trimEnd())
  writeFileSync(stamps.build, wanted)
}

/** Hands over to a program: passes signals on and takes its exit code. */
function handOver(file, args, environment, folder) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: folder, env: environment, stdio: 'inherit' })
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    // Ctrl-C reaches the child from the terminal itself; this process only has to outlive it.
    process.on('SIGINT', () => {})
    child.on('error', (error) => reject(new Stop(error.message)))
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

async function main([goal = 'start', ...rest]) {
  if (goal !== 'start' && goal !== 'build' && !(goal in GOALS)) {
    throw new Stop(`unknown goal: ${goal}; use start, build, ${Object.keys(GOALS).join(', ')}`)
  }
  const caller = process.env.INIT_CWD
  const bun = findBun()
  const environment = clean({ ...process.env })
  environment.PATH = [
    dirname(bun),
    ...(environment.PATH ?? '').split(delimiter).filter((folder) => folder !== ''),
  ].join(delimiter)
  installPackages(bun, environment)
  build(bun, environment)
  if (goal === 'build') return 0
  if (goal !== 'start') return handOver(bun, [...GOALS[goal], ...rest], environment, root)
  if (rest.length > 0)
    return handOver(binary, rest, clean({ ...process.env }), caller && existsSync(caller) ? caller : process.cwd())
  return handOver(bun, ['scripts/tour.ts'], environment, root)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Stop)) throw error
  say(error.message)
  process.exitCode = 1
}
