// The packages for npm: `tinyvault`, which is a few lines that start the program, and one package for each platform
// with the program, of which npm installs the one that fits. Nothing runs at installation.
import { utf8 } from '../../src/lib/bytes.ts'
import { programName } from '../platforms.ts'
import type { Platform } from '../platforms.ts'
import { tarGz } from './archive.ts'
import type { Entry } from './archive.ts'

const DESCRIPTION = 'A local-first secrets vault for developers and the AI agents that work beside them'

export interface NpmPackage {
  /** As `npm pack` would call it. */
  file: string
  bytes: Uint8Array
}

function pack(name: string, version: string, manifest: object, files: readonly Entry[], time: number): NpmPackage {
  const head = { name, version, description: DESCRIPTION, license: 'MIT', ...manifest }
  const entries = [
    { name: 'package.json', bytes: utf8(`${JSON.stringify(head, undefined, 2)}\n`), mode: 0o644 },
    ...files,
  ]
  const inside = entries.map((entry) => ({ ...entry, name: `package/${entry.name}` }))
  return { file: `${name}-${version}.tgz`, bytes: tarGz(inside, time) }
}

/** The package with the program for one platform. */
export function platformPackage(
  platform: Platform,
  made: { version: string; program: Uint8Array; license: string; notices: string; sbom: string; time: number },
): NpmPackage {
  const manifest = {
    os: [platform.system === 'windows' ? 'win32' : platform.system],
    cpu: [platform.architecture],
    ...(platform.libc && { libc: [platform.libc] }),
    preferUnplugged: true,
    files: ['bin', 'THIRD-PARTY.txt', 'sbom.cdx.json'],
  }
  const files = [
    { name: `bin/${programName(platform)}`, bytes: made.program, mode: 0o755 },
    { name: 'LICENSE', bytes: utf8(made.license), mode: 0o644 },
    { name: 'README.md', bytes: utf8(`The program of \`tinyvault\` for ${platform.name}.\n`), mode: 0o644 },
    { name: 'THIRD-PARTY.txt', bytes: utf8(made.notices), mode: 0o644 },
    { name: 'sbom.cdx.json', bytes: utf8(made.sbom), mode: 0o644 },
  ]
  return pack(`tinyvault-${platform.name}`, made.version, manifest, files, made.time)
}

/** The package that people name: `npx tinyvault mcp`. */
export function mainPackage(
  platforms: readonly Platform[],
  made: { version: string; license: string; readme: string; mcpName: string; time: number },
): NpmPackage {
  const manifest = {
    mcpName: made.mcpName,
    bin: { tinyvault: 'bin/tvault.cjs', tvault: 'bin/tvault.cjs' },
    files: ['bin'],
    engines: { node: '>=18' },
    keywords: ['secrets', 'vault', 'dotenv', 'mcp'],
    optionalDependencies: Object.fromEntries(platforms.map(({ name }) => [`tinyvault-${name}`, made.version])),
  }
  const files = [
    { name: 'bin/tvault.cjs', bytes: utf8(LAUNCHER), mode: 0o755 },
    { name: 'LICENSE', bytes: utf8(made.license), mode: 0o644 },
    { name: 'README.md', bytes: utf8(made.readme), mode: 0o644 },
  ]
  return pack('tinyvault', made.version, manifest, files, made.time)
}

const LAUNCHER = `#!/usr/bin/env node
// Starts the program of the package for this platform, and is in nobody's way: its streams, signals and exit code pass.
const { spawn } = require('node:child_process')
const { constants } = require('node:os')

function platform() {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const header = process.report && process.report.getReport().header
  const musl = system === 'linux' && !(header && header.glibcVersionRuntime)
  return \`\${system}-\${process.arch}\${musl ? '-musl' : ''}\`
}

const name = platform()
let program
try {
  program = require.resolve(\`tinyvault-\${name}/bin/tvault\${process.platform === 'win32' ? '.exe' : ''}\`)
} catch {
  console.error(\`Error: the package tinyvault-\${name} is not installed\`)
  console.error('hint: npm leaves it out with --omit=optional, and there is none for every platform')
  process.exit(1)
}
const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' })
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
// The terminal sends these to both; this process only has to outlive the program.
for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => {})
child.on('error', (error) => {
  console.error(\`Error: \${program} cannot be started: \${error.code}\`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(code === null ? 128 + (constants.signals[signal] || 0) : code))
`
