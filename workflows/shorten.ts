/** Cuts a text to so many bytes of UTF-8, at the end of a character. */
export function shorten(text: string, most: number): string {
  let bytes = 0
  let kept = ''
  for (const char of text) {
    const point = char.codePointAt(0)!
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (bytes > most) break
    kept += char
  }
  return kept
}
