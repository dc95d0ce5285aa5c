// Preloaded before src/main.ts: puts a context with a bug in the place of the real one. FAULT says which bug.
import { plugin } from 'bun'

const FAULTS: Record<string, string> = {
  // The message holds what looks like a value, over several lines, one of them like a line of a stack.
  thrown: "async () => { throw new SyntaxError('cannot read hunter2\\n    at hunter2 (hunter2:1:1)\\nhunter2') }",
  later:
    "() => { setTimeout(() => { throw new Error('hunter2') }); return new Promise((done) => setTimeout(done, 60000)) }",
  lost: "() => { void Promise.reject(new Error('hunter2')); return new Promise((done) => setTimeout(done, 60000)) }",
  text: "async () => { throw 'hunter2' }",
}

plugin({
  name: 'fault',
  setup(build) {
    build.onLoad({ filter: /src\/context\.ts$/ }, () => ({
      contents: `export const createContext = ${FAULTS[process.env['FAULT'] ?? '']}`,
      loader: 'js',
    }))
  },
})
