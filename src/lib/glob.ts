// Name patterns: `*` is any run of characters, `?` is one character, everything else is itself. No backtracking
// that could explode: a mismatch returns only to the last `*`, so the work is at most pattern times text.

/** A test for `pattern`. Smart case: ignores case unless the pattern holds an upper-case letter. */
export function glob(pattern: string): (name: string) => boolean {
  const exact = pattern !== pattern.toLowerCase()
  const wanted = Array.from(pattern)
  return (name) => matches(wanted, Array.from(exact ? name : name.toLowerCase()))
}

function matches(pattern: readonly string[], name: readonly string[]): boolean {
  let p = 0
  let star = -1
  let resume = 0
  for (let n = 0; n < name.length;) {
    if (pattern[p] === '*') {
      star = p++
      resume = n
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++
      n++
    } else if (star >= 0) {
      p = star + 1
      n = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
