// Runs several command lines in one process, one after the other: starting the runtime for each takes most of the
// time. Argument: JSON list of lines. After each a mark with the exit code is written to both streams.
import { writeSync } from 'node:fs'
import { main } from '../../../src/modes/cli/index.ts'

for (const line of JSON.parse(Bun.argv[2] ?? '[]') as string[]) {
  const code = await main(line.split(' ').filter(Boolean))
  for (const fd of [1, 2]) writeSync(fd, `\0${code}\0`)
}
process.exit(0)
