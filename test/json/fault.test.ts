import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonFault } from '../../json/fault.ts'

const told = (text: string) => {
  const fault = jsonFault(text)
  return fault === null ? null : `${fault.line}:${fault.column} ${fault.message}`
}

test('the first fault of a text is told by line and column, in one line', () => {
  const cases: [text: string, fault: string][] = [
    ['', '1:1 a value is missing before the end'],
    ['{\n  "a": [\n', '3:1 a value or "]" is missing before the end'],
    ['{\n  "a": [1,\n  ]\n}\n', '3:3 a value is missing before "]"'],
    ['{\n  "a": 1,\n}\n', '3:1 a name in quotes is missing before "}"'],
    ['{\n  "a": 1\n  "b": 2\n}', '3:3 "," or "}" is missing before a quote'],
    ['[1\n2]', '2:1 "," or "]" is missing before "2"'],
    ['{"a" 1}', '1:6 ":" is missing before "1"'],
    ['{a: 1}', '1:2 a name or "}" is missing before "a"'],
    ['{"a": {{ data.x | json }} }', '1:8 a name or "}" is missing before "{"'],
    ['{\n\n}\n}', '4:1 "}" stands behind the end'],
    ['// a note\n{}', '1:1 a value is missing before "/"'],
    ['{"a": undefined}', '1:7 a value is missing before "undefined"'],
    ['[01]', '1:3 "," or "]" is missing before "1"'],
    ['{\n"a": "b\nc"}', '2:8 a text in quotes holds a line break or another control character'],
    ['["a\\d"]', '1:4 a text in quotes holds "\\\\d", which is no escape'],
    ['[\n"a]', '2:4 a text in quotes has no end'],
    ['[1]]', '1:4 "]" stands behind the end'],
    ['[}', '1:2 a value or "]" is missing before "}"'],
  ]
  for (const [text, fault] of cases) assert.equal(told(text), fault, text)
})

test('a text has a fault if, and only if, JSON.parse refuses it', () => {
  const parts = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '.',
    'e',
    'null',
    'tru',
    ' ',
    '\n',
    '"\\u00e4"',
  ]
  let seed = 7
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  const whole = '{"a":[1,{"b":"\\n"},true],"c":-1.5e3,"d":{}}'
  for (let round = 0; round < 20_000; round += 1) {
    const at = next(whole.length + 1)
    const short = Array.from({ length: next(6) }, () => parts[next(parts.length)]!).join('')
    for (const text of [short, whole.slice(0, at) + parts[next(parts.length)]! + whole.slice(at + next(2))]) {
      let isJson = true
      try {
        JSON.parse(text)
      } catch {
        isJson = false
      }
      assert.equal(jsonFault(text) === null, isJson, text)
    }
  }
})
