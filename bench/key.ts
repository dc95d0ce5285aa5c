// From exec to the key: a compiled program that derives one key and prints it, beside the Go peer's whole `get` and the
// argon2 of Debian, which derives it twice. And the wait after Enter, when the passphrase was typed on a terminal.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argon2Sync } from 'node:crypto'
import { compileOptions } from '../scripts/compile.ts'
import { BENCH, ROOT, startPrograms, withRatios } from './harness.ts'
import type { Program, Row } from './harness.ts'
import { nativeArgon2 } from './peer.ts'
import { run, withPlaces } from './vaults.ts'

const PASSWORD = 'password'
const SALT = 'somesaltsomesalt'

/** Processes that end with the key of 64 MiB, 3 passes, 4 lanes; the same with twice the memory beside it. */
export async function execToKey(runs: number): Promise<Row[]> {
  const key = (memory: number): string =>
    argon2Sync('argon2id', {
      message: Buffer.from(PASSWORD),
      nonce: Buffer.from(SALT),
      memory,
      passes: 3,
      parallelism: 4,
      tagLength: 32,
    }).toString('hex')
  const binary = await compiled()
  const native = nativeArgon2()
  return withPlaces(([, go]) => {
    if (go) run(go, ['set', 'KEY', 'value'])
    const programs: Program[] = [
      { name: 'ours, exec to key', command: [binary, '65536'], prints: key(65_536) },
      { name: 'ours, 128 MiB', command: [binary, '131072'], prints: key(131_072) },
    ]
    if (go) programs.push({ name: 'Go peer 0.23, whole get', command: [go.binary, 'get', 'KEY'], env: go.env })
    if (native) {
      const line = `printf ${PASSWORD} | ${native.binary} ${SALT} -id -t 3 -m 16 -p 4 -l 32 -r`
      programs.push({
        name: 'argon2 of Debian, 4 threads',
        command: ['sh', '-c', line],
        env: native.env,
        prints: new RegExp(key(65_536)),
      })
    }
    return startPrograms('exec to key', programs, runs)
  })
}

async function compiled(): Promise<string> {
  mkdirSync(BENCH, { recursive: true })
  const [source, binary] = [join(BENCH, 'key.ts'), join(BENCH, 'key')]
  writeFileSync(
    source,
    `import { core } from '${join(ROOT, 'src/crypto/core.ts')}'
const work = { memoryKib: Number(Bun.argv[2]), passes: 3, lanes: 4 }
const inputs = { password: Buffer.from('${PASSWORD}'), salt: Buffer.from('${SALT}') }
const key = core.argon2()!.derive(inputs, work, 32)!
await Bun.write(Bun.stdout, Buffer.from(key).toString('hex'))
process.exit(0)
`,
  )
  const options = { target: 'bun', format: 'esm', minify: true, bytecode: true, throw: true } as const
  await compileOptions(binary, (compile) => Bun.build({ entrypoints: [source], splitting: true, ...options, compile }))
  return binary
}

/** How long somebody typed before Enter. */
const TYPING_MS = 1500

/** From Enter to the end of the process, when the passphrase is asked for on a terminal. */
export async function typed(runs: number): Promise<Row[]> {
  return withPlaces(async (places) => {
    for (const place of places) run(place, ['set', 'KEY', 'value'])
    const times = new Map(places.map(({ name }) => [name, [] as number[]]))
    for (let at = 0; at < runs; at++) {
      for (const { name, binary, env } of places) {
        const { TVAULT_PASSPHRASE: passphrase, ...rest } = env
        let shown = ''
        const asked = Promise.withResolvers<void>()
        const child = Bun.spawn([binary, 'get', 'KEY'], {
          env: { ...rest, TERM: 'xterm' },
          terminal: {
            cols: 80,
            rows: 24,
            data(_, bytes) {
              shown += Buffer.from(bytes).toString()
              if (/passphrase/i.test(shown)) asked.resolve()
            },
          },
        })
        const ended = child.exited.then((early) => {
          throw new Error(`${name} ended with ${early} without asking: ${shown}`)
        })
        await Promise.race([asked.promise, ended])
        await Bun.sleep(TYPING_MS)
        const begin = Bun.nanoseconds()
        child.terminal!.write(`${passphrase}\n`)
        const code = await child.exited
        times.get(name)!.push((Bun.nanoseconds() - begin) / 1e6)
        if (code !== 0 || !shown.includes('value')) throw new Error(`${name} ended with ${code}: ${shown}`)
        child.terminal!.close()
      }
    }
    return withRatios(
      places.map(({ name }): Row => {
        const sorted = times.get(name)!.toSorted((a, b) => a - b)
        const [best = Number.NaN] = sorted
        const median = sorted[sorted.length >> 1] ?? Number.NaN
        return { bench: 'get, from Enter to the end', name, unit: 'ms', best, median, ratio: 1, runs }
      }),
    )
  })
}
