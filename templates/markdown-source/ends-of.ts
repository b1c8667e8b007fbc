/** Where what a text ends with begins, of these characters alone. Counted from the end: a pattern begins anew at each place. */
export function endOf(text: string, characters: string): number {
  let at = text.length
  while (at > 0 && characters.includes(text[at - 1]!)) at -= 1
  return at
}
