// What real programs make of a value: shells that quote, encoders that wrap, languages that escape. Each gets the value
// in its environment, and nothing that it prints may hold a piece of it. A program that is not there is told.
import { afterAll, describe, expect, test } from 'bun:test'
import { redactorOf, through } from '../guard/probes.ts'

/** Words that no program would print by itself, between everything that programs escape. */
const VALUES: Readonly<Record<string, string>> = {
  token: 'zqxkvjwpmlZQXKVJ',
  signs: `zqxk'vjw"pml $HOME \`zqxk\` \\vjw &<vjw>;|pml*?[vjw]{zqxk}~#!% zqxk=vjw,1:2/3+4(vjw)@^pml`,
  wide: 'zqxké→vjwpml🔑"ß/zqxk',
  lines: 'zqxkvjwpml zqxk\n"vjwpml"\tzqxkvjw\n',
}
/** Pieces to look for, in the text and in what hides them least. */
const PIECES = ['zqxk', 'vjw', 'pml'].flatMap((piece) => [
  piece,
  piece.toUpperCase(),
  Array.from(piece).toReversed().join(''),
  Buffer.from(piece).toString('hex'),
])

interface Tool {
  program: string
  words: readonly string[]
  /** Values that it cannot take, or prints in a way that is no form (topic threat-model says which). */
  not?: readonly string[]
}

const sh = (script: string): Pick<Tool, 'words'> => ({ words: ['-c', script] })

const TOOLS: Readonly<Record<string, Tool>> = {
  'bash printf %q': { program: 'bash', ...sh('printf "%q\\n" "$V"') },
  'bash @Q': { program: 'bash', ...sh('echo "${V@Q}"') },
  'bash declare -p': { program: 'bash', ...sh('declare -p V') },
  'bash export -p': { program: 'bash', ...sh('export -p | grep -a -A3 " V="') },
  'bash set': { program: 'bash', ...sh('set | grep -a -A3 "^V="') },
  'bash set -x': { program: 'bash', ...sh('exec 2>&1; set -x; : "$V"') },
  // Only the case of ASCII is ignored.
  'bash upper': { program: 'bash', ...sh('echo "${V^^}"'), not: ['wide'] },
  'dash set': { program: 'dash', ...sh('set | grep -a -A3 "^V="') },
  'dash export -p': { program: 'dash', ...sh('export -p') },
  'zsh (q)': { program: 'zsh', ...sh('print -r -- "${(q)V}"') },
  'zsh (qq)': { program: 'zsh', ...sh('print -r -- "${(qq)V}"') },
  'zsh (qqq)': { program: 'zsh', ...sh('print -r -- "${(qqq)V}"') },
  'zsh (qqqq)': { program: 'zsh', ...sh('print -r -- "${(qqqq)V}"') },
  'fish escape': { program: 'fish', ...sh('string escape -- "$V"') },
  'fish escape url': { program: 'fish', ...sh('string escape --style=url -- "$V"') },
  env: { program: 'env', words: [] },
  'env -0': { program: 'env', words: ['-0'] },
  base64: { program: 'bash', ...sh('printf %s "$V" | base64') },
  'base64 of echo': { program: 'bash', ...sh('echo "$V" | base64 -w 20') },
  xxd: { program: 'bash', ...sh('printf %s "$V" | xxd -p') },
  'openssl base64': { program: 'bash', ...sh('printf "user:%s" "$V" | openssl base64') },
  rev: { program: 'bash', ...sh('printf %s "$V" | LC_ALL=C.UTF-8 rev'), not: ['lines'] },
  'tr, fold': { program: 'bash', ...sh('printf %s "$V" | tr a-z A-Z | fold -w 11') },
  'jq .': { program: 'jq', words: ['-n', 'env.V'] },
  'jq -a': { program: 'jq', words: ['-n', '-a', 'env.V'] },
  'jq @uri': { program: 'jq', words: ['-n', '-r', 'env.V|@uri'] },
  'jq @sh': { program: 'jq', words: ['-n', '-r', 'env.V|@sh'] },
  'jq @base64': { program: 'jq', words: ['-n', '-r', 'env.V|@base64'] },
  'jq in jq': { program: 'jq', words: ['-n', 'env.V|tojson|{a:.}'] },
  'node json': { program: 'node', words: ['-p', 'JSON.stringify(process.env.V)'] },
  'node inspect': { program: 'node', words: ['-e', 'console.log({v: process.env.V})'] },
  'node uri': { program: 'node', words: ['-p', 'encodeURIComponent(process.env.V) + encodeURI(process.env.V)'] },
  'node query': { program: 'node', words: ['-p', 'new URLSearchParams({v: process.env.V}).toString()'] },
  'node url': {
    program: 'node',
    words: ['-p', 'const u = new URL("http://h"); u.username = u.password = process.env.V; u.href'],
  },
  'python repr': { program: 'python3', ...sh('import os; print(repr(os.environ["V"]), repr(os.environb[b"V"]))') },
  'python json': { program: 'python3', ...sh('import os, json; print(json.dumps(dict(v=os.environ["V"])))') },
  'python quote': {
    program: 'python3',
    ...sh('import os, urllib.parse as u; print(u.quote(os.environ["V"]), u.quote_plus(os.environ["V"]))'),
  },
  'python shlex': { program: 'python3', ...sh('import os, shlex; print(shlex.quote(os.environ["V"]))') },
  'perl quotemeta': { program: 'perl', words: ['-e', 'print quotemeta($ENV{V}), "\\n"'] },
}

const missing = new Set<string>()
afterAll(() => {
  if (missing.size > 0) console.log(`not tried, because they are not installed: ${[...missing].join(', ')}`)
})

describe.each(Object.entries(VALUES))('%s', (kind, value) => {
  const redactor = redactorOf([{ name: 'KEY', value: Buffer.from(value) }])

  test.each(Object.entries(TOOLS))('%s', async (_, { program, words, not = [] }) => {
    if (not.includes(kind)) return
    if (!Bun.which(program)) {
      missing.add(program)
      return
    }
    const child = Bun.spawn([program, ...words], {
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', HOME: '/nowhere', V: value },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [printed, complaints, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited])
    expect([code, complaints]).toEqual([0, ''])
    const shown = through(redactor, printed).toString('latin1')
    expect(shown).toContain('[REDACTED:KEY]')
    expect({ shown, left: PIECES.filter((piece) => shown.includes(piece)) }).toEqual({ shown, left: [] })
  })
})
