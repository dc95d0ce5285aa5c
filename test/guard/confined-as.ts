// Runs a program confined as its argument says (JSON of a wish, without values), and prints the result. The test starts
// this file as another user, or to kill it.
import { runConfined } from '../../src/guard/confined.ts'

const [wish = '{}', launcher = '', temporary = ''] = Bun.argv.slice(2)
const { stdout, stderr, ...rest } = await runConfined(JSON.parse(wish), {
  environment: { TMPDIR: temporary },
  launcher: [process.execPath, launcher],
})
console.log(
  JSON.stringify({ ...rest, out: Buffer.from(stdout.head).toString(), err: Buffer.from(stderr.head).toString() }),
)
process.exit(0)
