import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const soaks = new URL('../soak/', import.meta.url)

test('a soak keeps its figures as the last thing it does, so one that fails leaves those before', () => {
  const keeping = readdirSync(soaks)
    .filter((file) => file.endsWith('.soak.ts'))
    .map((file) => ({ file, kept: readFileSync(new URL(file, soaks), 'utf8').split('await keepFigures(').slice(1) }))
  assert.ok(keeping.flatMap(({ kept }) => kept).length > 0)
  for (const { file, kept } of keeping) {
    for (const rest of kept) assert.ok(rest.split('\n  })\n')[1]?.startsWith('})'), file)
  }
})
