// What was decided about each wart of TinyVault 0.23, by its number. `mended`: a test carries the number. `kept`: topic
// `compatibility` has the words below, and with them the reason. A wart of several parts may be both.

/** How many warts there are. */
export const LAST = 60

export interface Decision {
  about: string
  mended: boolean
  /** Words of topic `compatibility` about what stays as it is. */
  kept?: string
}

const mended = (about: string, kept?: string): Decision => ({
  about,
  mended: true,
  ...(kept !== undefined && { kept }),
})

export const WARTS: Readonly<Record<number, Decision>> = {
  1: mended('two inits at the same time'),
  2: mended('a backup onto the vault'),
  3: mended('a backup while somebody writes', '`restore FILE --dry-run` checks a backup'),
  4: mended('restore of any file'),
  5: mended('an unknown section'),
  6: mended('an unknown word below a command'),
  7: mended('an empty selector'),
  8: mended('a bare sync'),
  9: mended('unpin of what is not pinned'),
  10: mended('readers and writers at the same time'),
  11: mended('what status says of a vault that cannot be used'),
  12: mended('unlock and lock'),
  13: mended('promote without a question'),
  14: mended('sections that a value forges'),
  15: mended('dotenv text that runs'),
  16: mended('words for a remote shell'),
  17: mended('plaintext that goes into git'),
  18: mended('a value typed at set'),
  19: mended('a mistyped recipient', 'a recipient has no checksum'),
  20: mended('a terminal without echo'),
  21: mended('output that cannot be written'),
  22: mended('modes of files with values'),
  23: mended('weak passphrases and their change', 'No passphrase is made up'),
  24: mended('modes that are changed on opening', 'A vault that cannot be written gives no values'),
  25: mended('not found through the agent'),
  26: mended('sync mirror'),
  27: mended('exit codes of diff'),
  28: mended('where a value comes from'),
  29: mended('inheritance, and groups that point at nothing'),
  30: mended('types in YAML'),
  31: mended('bytes in JSON'),
  32: mended('dotenv there and back'),
  33: mended('damage', 'There is no salvage of a vault of our own'),
  34: mended('deleting what is not there'),
  35: mended('which identity is tried'),
  36: mended('no home directory'),
  37: mended('times of the history', 'CREATED is that of version 1'),
  38: mended('JSON everywhere', 'no envelope'),
  39: mended('exit codes', 'What keeps `run` from starting'),
  40: mended('a passphrase beside a pipe'),
  41: mended('ambiguous input', 'Flags keep the names'),
  42: mended('signals through run'),
  43: mended('a tvault inside of run'),
  44: mended('one value that no environment can hold'),
  45: mended('long errors'),
  46: mended('what the audit log says', 'Without the key nothing is written'),
  47: mended('what is cut off'),
  48: mended('the passphrase command', 'without `$VAR`'),
  49: mended('the first run', '`set` makes no vault'),
  50: mended('names without a passphrase'),
  51: mended('get on a terminal', 'There is no clipboard'),
  52: mended('words that lead nowhere'),
  53: mended('completion of names'),
  54: mended('questions and names', 'A name with a blank'),
  55: mended('text split between streams', 'The heading stays on standard error'),
  56: mended('a long import'),
  57: mended('generate over a key', 'Key pairs are made by `identity new`'),
  58: mended('no network, no systemd'),
  59: mended('what ci init advises'),
  60: mended('deletion is final', 'There is no undelete'),
}

/** Numbers that the files of tests carry: in the words of a test, or in a comment of a journey. */
export function carried(files: Iterable<readonly [path: string, text: string]>): Set<number> {
  const numbers = new Set<number>()
  for (const [path, text] of files) {
    const lines = path.endsWith('.txt') ? text.split('\n').filter((line) => line.startsWith('#')) : titles(text)
    for (const line of lines) for (const [, number] of line.matchAll(/\bW(\d+)\b/g)) numbers.add(Number(number))
  }
  return numbers
}

/** Attacks on the peer that concern files: `defect` as its formats have them, `weak point` as its MCP server has. */
export const ATTACKS: readonly string[] = [
  ...Array.from({ length: 13 }, (_, at) => `defect ${at + 1}`),
  ...['A3', 'A4', 'D1', 'D2', 'D3', 'D5', 'D6', 'D7', 'D9', 'D11'].map((point) => `weak point ${point}`),
]

/** Those of `ATTACKS` that no test is named after. */
export function attackFaults(tests: Iterable<readonly [path: string, text: string]>): string[] {
  const all = [...tests].map(([, text]) => text).join('\n')
  const named = new Set<string>()
  for (const [, number] of all.matchAll(/\bdefect (\d+)\b/g)) named.add(`defect ${number}`)
  for (const [, points = ''] of all.matchAll(/\bweak point ((?:[A-Z]\d+(?:, )?)+)/g))
    for (const point of points.split(', ')) named.add(`weak point ${point}`)
  return ATTACKS.filter((attack) => !named.has(attack)).map((attack) => `${attack}: no test is named after it`)
}

/** Strings that begin or end with a number of a wart, as titles of tests do. */
function titles(text: string): string[] {
  const begins = /(['"`])W\d+[:,][^\n]*?\1|\bdescribe\((['"`])W\d+\2/g
  const ends = /(['"`])[^'"`\n]*\(W\d+(?:, W\d+)*\)[^'"`\n]*\1/g
  return [begins, ends].flatMap((title) => [...text.matchAll(title)].map((found) => found[0]))
}

/** Numbers without a decision, mended ones without a test, kept ones without a word in the topic. */
export function wartFaults(
  tests: Iterable<readonly [path: string, text: string]>,
  topic: string,
  decisions: Readonly<Record<number, Decision>> = WARTS,
): string[] {
  const found = carried(tests)
  const faults: string[] = []
  for (let number = 1; number <= LAST; number++) {
    const decision = decisions[number]
    if (decision === undefined) faults.push(`W${number}: nothing was decided`)
    else if (!decision.mended && decision.kept === undefined) faults.push(`W${number}: neither mended nor kept`)
    if (decision?.mended && !found.has(number)) faults.push(`W${number}: no test carries it`)
    if (decision?.kept !== undefined && !topic.includes(decision.kept))
      faults.push(`W${number}: topic compatibility does not say "${decision.kept}"`)
  }
  return faults
}
