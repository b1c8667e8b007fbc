/** Names longer than this are not compared: nobody misspelt a field in so many letters. */
export const LONGEST_NAME = 64

/** Another spelling, at most two letters off, or the beginning of the other with four letters or more. */
export function looksLike(name: string, known: string): boolean {
  if (name.length > LONGEST_NAME) return false
  const [a, b] = [plain(name), plain(known)]
  if (Math.min(a.length, b.length) < 4) return a === b
  return a.startsWith(b) || b.startsWith(a) || distance(a, b) <= 2
}

/** The same but for case and marks: `dryRun` and `dry_run`. */
export function isSameName(name: string, known: string): boolean {
  return name.length <= LONGEST_NAME && plain(name) === plain(known)
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Levenshtein's: how many letters are to be put in, left out or changed. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const changed = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(changed, above[column]! + 1, current[column - 1]! + 1))
    }
    above = current
  }
  return above[b.length]!
}
