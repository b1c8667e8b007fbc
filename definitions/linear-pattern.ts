import { RE2JS } from 're2js'

interface Matcher {
  test: (text: string) => boolean
}

/**
 * The patterns of an author's JSON schema, matched in a time that grows with the text alone, whoever made that up. Throws for
 * a pattern that is none, or that only backtracking could match: with a lookahead, a back-reference, or a repetition of more
 * than 1,000. `\s` is a blank of ASCII, and `.` matches U+2028, too; else all means what it does in JavaScript.
 */
export const linearPattern = Object.assign(
  (pattern: string, flags: string): Matcher => {
    // What is no pattern of JSON schema is told in the words of this one.
    // eslint-disable-next-line belay/linear-regex -- nothing is matched with it
    const native = new RegExp(pattern, flags)
    try {
      const compiled = RE2JS.compile(RE2JS.translateRegExp(native), RE2JS.LOOKBEHINDS)
      return { test: (text) => compiled.test(text) }
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown reason'
      throw new Error(
        `the pattern ${JSON.stringify(pattern.slice(0, 200))} cannot be matched in linear time (${why}); write it without lookaheads and back-references`,
        { cause: error },
      )
    }
  },
  { code: 'linearPattern' },
)
