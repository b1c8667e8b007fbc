import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
/** Lines are broken anywhere. */
const inOneLine = (text: string) => text.replace(/\s+/g, ' ')
const page = read('docs/cancel.md')
const sections = new Map(
  page
    .split(/^## /m)
    .map((section): [string, string] => [section.split('\n')[0]!, section.slice(section.indexOf('\n'))]),
)

/** File and name of each test that a text names as a proof. */
function proofsIn(text: string): [file: string, name: string][] {
  return inOneLine(text)
    .split(/(?=`test(?:ing)?\/)/)
    .slice(1)
    .flatMap((part) => {
      const [, file] = /^`(test(?:ing)?\/[^`]+)`/.exec(part)!
      return [...part.matchAll(/"([^"]+)"/g)].map(([, name]): [string, string] => [file!, name!])
    })
}

test('every test that the page on canceling names as a proof is there', () => {
  const proofs = [...page.matchAll(/_Proof: [^]*?_\n|Besides, [^]*?\.\n/g)].flatMap(([text]) => proofsIn(text))
  assert.ok(proofs.length > 40)
  for (const [file, name] of proofs) {
    assert.ok(inOneLine(read(file)).includes(name), `${file} has no test "${name}"`)
  }
})

test('every promise and every edge case has a proof', () => {
  const claims = [
    ...sections.get('What is promised')!.matchAll(/^\*\*(.+?)\*\*[^]*?(?=\n\n)/gm),
    ...sections.get('Edge cases')!.matchAll(/^- \*\*(.+?)\*\*[^]*?(?=\n-|\n\n)/gm),
    ...sections
      .get('Moving a sleep, and canceling without the key')!
      .matchAll(/^(?:\*\*(.+?)\*\*|With)[^]*?(?=\n\n)/gm),
    ...sections.get('From Temporal')!.matchAll(/^(A .cancel. signal)[^]*?(?=\n\n)/gm),
  ]
  assert.ok(claims.length >= 20)
  for (const [text, name] of claims) assert.ok(proofsIn(text).length > 0, `no proof of ${name}`)
})
