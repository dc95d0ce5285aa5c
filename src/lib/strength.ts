// A careful guess at how hard a passphrase is to find for somebody who tries likely ones first. It errs to the low
// side for what people type, and is no promise: a leaked or famous sentence scores high and is still weak.

export interface Strength {
  /** Estimated work as a power of two. */
  bits: number
  /** The word shown with it. */
  word: 'trivial' | 'weak' | 'fair' | 'good' | 'strong'
}

/** Below this a passphrase is refused unless forced: the key derivation adds about 17 bits of work, not more. */
export const LEAST_BITS = 28

const WORDS: readonly (readonly [number, Strength['word']])[] = [
  [LEAST_BITS, 'trivial'],
  [40, 'weak'],
  [56, 'fair'],
  [72, 'good'],
  [Number.POSITIVE_INFINITY, 'strong'],
]

/** Pieces that guessing programs try first, by their first letter. One of them counts like one rare character, whatever its length. */
const COMMON = byFirst(
  'password passwort passphrase passw0rd p@ssw0rd p@ssword changeme letmein welcome secret admin administrator root ' +
    'login master monkey dragon sunshine princess football baseball superman batman shadow michael jennifer hunter ' +
    'iloveyou trustno1 starwars whatever freedom computer internet default tinyvault tvault vault test testing guest ' +
    'user demo example correct horse battery staple love hello access ninja mustang killer charlie summer winter spring ' +
    'autumn january february march april june july august september october november december monday friday',
)
const COMMON_BITS = 6
/** A word of a language: one of some thousands, longer ones a little rarer. */
const WORD_BITS = 11
const WORD_BITS_PER_LETTER = 2
const SEPARATOR_BITS = 2
/** Rows of a keyboard and the orders in which people run along. */
const RUNS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'azertyuiop',
]
/** Both ways along each row. */
const LINES = RUNS.flatMap((row) => [row, Array.from(row).toReversed().join('')])
const NOTHING: Readonly<Record<string, string>> = {}
const LEETS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
}

/**
 * Estimates `passphrase` (UTF-8; other bytes count as random). Takes time proportional to its length. No text of it is made,
 * not even of a piece, because that could not be wiped: it is looked at character by character.
 */
export function estimateStrength(passphrase: Uint8Array): Strength {
  const characters = charactersOf(passphrase.subarray(0, 512))
  const perCharacter = Math.log2(alphabetSize(characters))
  const plain = characters.map((c) => c.toLowerCase())
  let bits = 0
  for (let i = 0; i < plain.length;) {
    const [cost, length] = cheapestAt(plain, i, perCharacter)
    bits += cost
    i += length
  }
  const rounded = Math.floor(bits)
  const [, word] = WORDS.find(([below]) => rounded < below) ?? [0, 'strong']
  return { bits: rounded, word }
}

/** Bits and length of the longest piece a guessing program would know that starts at `from`, else of one character. */
function cheapestAt(plain: readonly string[], from: number, perCharacter: number): [number, number] {
  const repeat = repeatAt(plain, from)
  const common = commonAt(plain, from)
  const run = runAt(plain, from)
  const longest = Math.max(repeat, common, run)
  if (longest > 0 && longest === repeat) return [Math.log2(repeat + 1), repeat]
  if (longest > 0 && longest === common) return [COMMON_BITS, common]
  if (longest > 0) return [perCharacter + Math.log2(run), run]
  const spoken = spokenAt(plain, from)
  if (spoken > 0) return [Math.min(spoken * perCharacter, Math.max(WORD_BITS, spoken * WORD_BITS_PER_LETTER)), spoken]
  return [isSeparator(plain[from]) ? Math.min(perCharacter, SEPARATOR_BITS) : perCharacter, 1]
}

const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[ !-/:-@[-`{-~]/, 33],
  [/[^ -~]/, 64],
]

/** How many characters one could be, as far as the ones used tell. */
function alphabetSize(characters: readonly string[]): number {
  const used = new Set(characters)
  const offered = CLASSES.reduce((sum, [kind, size]) => sum + ([...used].some((c) => kind.test(c)) ? size : 0), 0)
  // Few different characters are a small alphabet, whatever classes they come from.
  return Math.max(2, Math.min(offered, used.size * 2))
}

function byFirst(words: string): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy(words.split(' '), ([first = '']) => first)
}

/** Each character as a string of its own, as the runtime has them anyway. */
function charactersOf(bytes: Uint8Array): string[] {
  const decoder = new TextDecoder()
  const characters: string[] = []
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at]!
    const size = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1
    if (lead < 0x80) characters.push(String.fromCharCode(lead))
    else characters.push(...Array.from(decoder.decode(bytes.subarray(at, at + size))))
    at += size
  }
  return characters
}

/** Length of the common word that starts at `from`, digits and signs read as the letters they stand for, or 0. */
function commonAt(plain: readonly string[], from: number): number {
  const first = plain[from] ?? ''
  return Math.max(longestAt(plain, from, first, NOTHING), longestAt(plain, from, LEETS[first] ?? first, LEETS))
}

/** The same with characters read as `read` says; `first` is the first of them as it is read. */
function longestAt(
  plain: readonly string[],
  from: number,
  first: string,
  read: Readonly<Record<string, string>>,
): number {
  let longest = 0
  for (const word of COMMON.get(first) ?? []) {
    if (word.length <= longest) continue
    let at = 1
    for (; at < word.length; at++) {
      const character = plain[from + at] ?? ''
      if ((read[character] ?? character) !== word[at]) break
    }
    if (at === word.length) longest = at
  }
  return longest
}

/** Length of the stretch of an alphabet or keyboard row (either way) that starts at `from`, when three or more. */
function runAt(plain: readonly string[], from: number): number {
  let longest = 0
  for (const line of LINES) {
    const start = line.indexOf(plain[from] ?? '')
    if (start === -1) continue
    let length = 1
    while (plain[from + length] !== undefined && plain[from + length] === line[start + length]) length++
    longest = Math.max(longest, length)
  }
  return longest >= 3 ? longest : 0
}

/** Length of what repeats the piece of up to eight characters just before `from`, or 0. */
function repeatAt(plain: readonly string[], from: number): number {
  for (let size = 1; size <= 8 && size <= from; size++) {
    let length = 0
    while (from + length < plain.length && plain[from + length] === plain[from + length - size]) length++
    if (length >= Math.max(2, size) || (size === 1 && length >= 1)) return length
  }
  return 0
}

/** Length of the letters from `from` on, when three or more that could be spoken: vowels among them, no long knots. */
function spokenAt(plain: readonly string[], from: number): number {
  let length = 0
  while (/^\p{L}$/u.test(plain[from + length] ?? '')) length++
  const letters = plain.slice(from, from + length)
  if (length < 3 || new Set(letters).size * 3 < length) return 0
  let knot = 0
  const hasKnot = letters.some((letter) => (knot = CONSONANTS.includes(letter) ? knot + 1 : 0) >= LONGEST_KNOT)
  return !hasKnot && letters.some((letter) => VOWELS.includes(letter)) ? length : 0
}

const VOWELS = 'aeiouy'
const CONSONANTS = 'bcdfghjklmnpqrstvwxz'
/** So many consonants in a row are not spoken. */
const LONGEST_KNOT = 5

function isSeparator(c: string | undefined): boolean {
  return c !== undefined && ' -_.,+'.includes(c)
}
