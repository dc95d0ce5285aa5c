// "Did you mean": the nearest word by edit distance, when it is near enough to be what was meant.

/** The words of `known` closest to `typed` (distance at most a third of its length, at least 1), best first, three at most. */
export function suggest(typed: string, known: readonly string[]): string[] {
  const reach = Math.max(1, Math.floor(typed.length / 3))
  return known
    .map((word) => ({ word, distance: distance(typed.toLowerCase(), word.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= reach || (typed.length > 1 && candidate.word.startsWith(typed)))
    .sort((a, b) => a.distance - b.distance || a.word.localeCompare(b.word))
    .slice(0, 3)
    .map((candidate) => candidate.word)
}

/** Edit distance in which two neighbours that changed places count once (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity
      next.push(Math.min(replaced, swapped, next[j - 1]! + 1, row[j]! + 1))
    }
    before = row
    row = next
  }
  return row[b.length]!
}
