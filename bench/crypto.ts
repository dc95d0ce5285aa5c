// The core's speed beside other implementations of the same functions. Results are compared before anything is
// timed: a fast wrong answer is worth nothing.
import { argon2Sync } from 'node:crypto'
import { Bench } from 'tinybench'
import type { BenchOptions } from 'tinybench'
import { seal, unseal } from '../src/crypto/aead.ts'
import type { Suite } from '../src/crypto/aead.ts'
import { DEFAULT_KDF, derive } from '../src/crypto/kdf.ts'
import { withRatios } from './harness.ts'
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

/** Argon2id at the default cost: ours and the one of node:crypto (BoringSSL). */
export async function keyDerivation(runs: number): Promise<Row[]> {
  const [passphrase, salt] = [random(20), random(16)]
  const { memoryKib, passes, lanes } = DEFAULT_KDF
  const native = (): Uint8Array =>
    argon2Sync('argon2id', {
      message: passphrase,
      nonce: salt,
      parallelism: lanes,
      tagLength: 32,
      memory: memoryKib,
      passes,
    })
  const ours = (): Uint8Array => derive(passphrase, salt, DEFAULT_KDF)
  same('argon2id', ours(), native())
  const options = { iterations: runs, time: 0, warmup: false }
  return measure(`argon2id ${memoryKib / 1024} MiB, ${passes} passes, ${lanes} lanes`, 'ms', options, {
    ours,
    'node:crypto': native,
  })
}

/** Both suites, sealing and opening values of three sizes. */
export async function boxes(milliseconds: number): Promise<Row[]> {
  const [key, associated] = [random(32), random(64)]
  const rows: Row[] = []
  for (const suite of ['aes-256-gcm', 'chacha20-poly1305'] satisfies Suite[]) {
    for (const size of [64, 4096, 1_048_576]) {
      const plaintext = random(size <= 65_536 ? size : 65_536)
      const whole = size <= 65_536 ? plaintext : Buffer.concat(Array.from({ length: size / 65_536 }, () => plaintext))
      const box = seal(suite, key, whole, associated)
      same(suite, unseal(suite, key, box, associated), whole)
      const name = size < 1024 ? `${size} B` : size < 1_048_576 ? `${size / 1024} KiB` : `${size / 1_048_576} MiB`
      const options = { time: milliseconds, iterations: 8, warmupTime: 20, warmupIterations: 4 }
      const tasks = {
        seal: () => seal(suite, key, whole, associated),
        unseal: () => unseal(suite, key, box, associated),
      }
      rows.push(...(await measure(`${suite} ${name}`, 'MiB/s', options, tasks, size / 1_048_576)))
    }
  }
  return rows
}
