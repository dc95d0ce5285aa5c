// The core's speed beside other implementations of the same functions. Results are compared before anything is
// timed: a fast wrong answer is worth nothing.
import { argon2Sync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Bench } from 'tinybench'
import type { BenchOptions } from 'tinybench'
import { openArgon2 } from '../src/crypto/core-argon2.ts'
import { DEFAULT_KDF } from '../src/crypto/kdf-parameters.ts'
import { aeads } from '../test/contract/aeads.ts'
import { kdfs } from '../test/contract/kdfs.ts'
import { ROOT, withRatios } from './harness.ts'
import type { Row } from './harness.ts'

const random = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size))

function same(what: string, a: Uint8Array | undefined, b: Uint8Array): void {
  if (a === undefined || Buffer.compare(a, b) !== 0) throw new Error(`${what}: two implementations disagree`)
}

/** Runs the tasks with tinybench and returns their rows. */
async function measure(
  bench: string,
  unit: Row['unit'],
  options: BenchOptions,
  tasks: Record<string, () => unknown>,
  scale = 1,
): Promise<Row[]> {
  const runner = new Bench({ name: bench, ...options })
  for (const [name, run] of Object.entries(tasks)) runner.add(name, run)
  await runner.run()
  return withRatios(
    runner.tasks.map((task) => {
      const { result } = task
      if (!('latency' in result)) throw new Error(`${bench}: ${task.name} did not run`)
      const { latency } = result
      const convert = (milliseconds: number): number => (unit === 'ms' ? milliseconds : (scale * 1000) / milliseconds)
      return {
        bench,
        name: task.name,
        unit,
        best: convert(latency.min),
        median: convert(latency.p50),
        ratio: 1,
        runs: latency.samplesCount,
      }
    }),
  )
}

/** Argon2id at the default cost, in every implementation that can do it; ours first. */
export async function keyDerivation(runs: number): Promise<Row[]> {
  const inputs = { password: random(20), salt: random(16), secret: new Uint8Array(0), associated: new Uint8Array(0) }
  const one = { inputs, work: DEFAULT_KDF, length: 32 }
  const able = (await kdfs()).filter((kdf) => kdf.can(one))
  const expected = await able[0]!.derive(one)
  for (const kdf of able) same(`argon2id of ${kdf.name}`, await kdf.derive(one), expected)
  const { memoryKib, passes, lanes } = DEFAULT_KDF
  const tasks = Object.fromEntries(able.map((kdf) => [kdf.name, () => kdf.derive(one)]))
  const options = { iterations: runs, time: 0, warmup: false }
  return measure(`argon2id ${memoryKib / 1024} MiB, ${passes} passes, ${lanes} lanes`, 'ms', options, tasks)
}

/** Ours with two threads and with one, and node:crypto, in turns, warm: wall time and processor time. */
export async function threads(runs: number): Promise<Row[]> {
  const bytes = readFileSync(join(ROOT, 'dist', 'argon2.wasm'))
  const inputs = { password: random(20), salt: random(16) }
  const rows: Row[] = []
  for (const memoryKib of [65_536, 131_072]) {
    const work = { memoryKib, passes: 3, lanes: 4 }
    const message = { message: inputs.password, nonce: inputs.salt, memory: memoryKib, passes: 3, parallelism: 4 }
    const ways = [
      { name: 'node:crypto.argon2Sync', core: undefined },
      { name: 'wasm core, two threads', core: openArgon2(bytes, { threads: 2 }) },
      { name: 'wasm core, one thread', core: openArgon2(bytes, { threads: 1 }) },
    ].map((way) => ({ ...way, wall: [] as number[], cpu: [] as number[] }))
    const expected = argon2Sync('argon2id', { ...message, tagLength: 32 })
    for (let run = -2; run < runs; run++) {
      for (const { name, core, wall, cpu } of ways) {
        const before = process.cpuUsage()
        const begin = Bun.nanoseconds()
        const key = core ? core.derive(inputs, work, 32) : argon2Sync('argon2id', { ...message, tagLength: 32 })
        const time = (Bun.nanoseconds() - begin) / 1e6
        same(`argon2id of ${name}`, key, expected)
        // The helpers write their zeros; that is part of it.
        void core?.memory
        const { user, system } = process.cpuUsage(before)
        // The first two of each are for the compiler.
        if (run >= 0) wall.push(time)
        if (run >= 0) cpu.push((user + system) / 1000)
      }
    }
    rows.push(
      ...withRatios(
        ways.map(({ name, wall, cpu }): Row => {
          const sorted = wall.toSorted((a, b) => a - b)
          const median = sorted[sorted.length >> 1] ?? Number.NaN
          const bench = `argon2id ${memoryKib / 1024} MiB, warm`
          return {
            bench,
            name,
            unit: 'ms',
            best: sorted[0] ?? Number.NaN,
            median,
            cpu: Math.min(...cpu),
            ratio: 1,
            runs,
          }
        }),
      ),
    )
  }
  return rows
}

/** Sealing and opening values of three sizes, both suites, in every implementation; ours first. */
export async function boxes(milliseconds: number): Promise<Row[]> {
  const [key, nonce, associated] = [random(32), random(12), random(64)]
  const options = { time: milliseconds, iterations: 8, warmupTime: 20, warmupIterations: 4 }
  const rows: Row[] = []
  for (const suite of ['aes-256-gcm', 'chacha20-poly1305'] as const) {
    for (const [label, size] of [
      ['64 B', 64],
      ['4 KiB', 4096],
      ['1 MiB', 1_048_576],
    ] as const) {
      const text = Buffer.concat(Array.from({ length: Math.ceil(size / 4096) }, () => random(Math.min(size, 4096))))
      const able = (await aeads()).filter((aead) => aead.suite === suite && aead.most >= 1_048_576)
      const sealed = await able[0]!.seal(key, nonce, text, associated)
      for (const aead of able) {
        same(`${suite} of ${aead.name}`, await aead.seal(key, nonce, text, associated), sealed)
        same(`${suite} of ${aead.name}`, await aead.unseal(key, nonce, sealed, associated), text)
      }
      const seal = Object.fromEntries(able.map((aead) => [aead.name, () => aead.seal(key, nonce, text, associated)]))
      const unseal = Object.fromEntries(
        able.map((aead) => [aead.name, () => aead.unseal(key, nonce, sealed, associated)]),
      )
      rows.push(...(await measure(`${suite} seal ${label}`, 'MiB/s', options, seal, size / 1_048_576)))
      rows.push(...(await measure(`${suite} open ${label}`, 'MiB/s', options, unseal, size / 1_048_576)))
    }
  }
  return rows
}
