// Runs before every `bun test`: the tests need the WASM modules of these sources, not of an older build.
import { freshWasm } from '../scripts/wasm.ts'

freshWasm()
