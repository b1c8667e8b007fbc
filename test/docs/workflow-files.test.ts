import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { workflowFile } from '../../definitions/workflow-file.ts'
import { stepFields, type ReadStep } from '../../steps/step-file.ts'
import { stepKinds } from '../../steps/registry.ts'
import { fieldsOf } from '../../testing/fixtures/file-fields.ts'

const page = readFileSync('docs/workflow-files.md', 'utf8')
const states = ['works', 'differs', 'ours', 'ignored', 'refused']

/** The rows of a section's table: the fields that each names, and what becomes of them. */
function rowsOf(heading: string): { fields: string[]; state: string }[] {
  const [, after] = page.split(`\n${heading}\n`)
  assert.ok(after !== undefined, `no section ${heading}`)
  const [section] = after.split(/\n##/)
  return section!.split('\n').flatMap((line) => {
    const [, named, state] = line.split('|').map((cell) => cell.trim())
    const fields = [...(named ?? '').matchAll(/`([^`]+)`/g)].map(([, field]) => field!)
    return fields.length === 0 || state === undefined ? [] : [{ fields, state }]
  })
}

/** As the page writes a field of a step: where it stands in `settings` or `template`, and how lists are nested, is left out. */
function asWritten(path: string): string {
  return path
    .replace(/^(?:settings|template)\./, '')
    .replaceAll(/columns\[\]\.blocks\[\]\..*/g, 'columns')
    .replaceAll('[]', '')
}

/** Each field that the readers know has a row, and each row's field is known. */
function holds(heading: string, known: Iterable<string>): void {
  const rows = rowsOf(heading)
  for (const { fields, state } of rows) assert.ok(states.includes(state), `${heading}, ${fields[0]}: ${state}`)
  const told = rows.flatMap(({ fields }) => fields)
  assert.deepEqual([...told].sort(), [...new Set(known)].sort(), heading)
}

const steps = z.array(z.unknown()) as unknown as z.ZodType<ReadStep[]>
const common = [...Object.keys(stepFields), 'type']

test('each field of a workflow and of every step has its row, and each row its field', () => {
  const own = [...fieldsOf(workflowFile)].map((path) => path.replace(/^steps\[\]\..*/, 'steps'))
  holds('## The workflow', own)
  holds('## Every step', common)
})

test('each field of each kind of step has its row, and each row its field', () => {
  const updates = ['update_user', 'update_object', 'update_tenant'] as const
  for (const [kind, { file }] of Object.entries(stepKinds)) {
    const all = fieldsOf(file.schema(steps))
    // Branches say themselves that they have no conditions.
    const says = rowsOf(headingOf(kind)).some(({ fields }) => fields.includes('conditions'))
    const own = [...all].filter((path) => !common.includes(path) || (says && path === 'conditions'))
    holds(headingOf(kind), own.map(asWritten))
  }
  function headingOf(kind: string): string {
    const isUpdate = (updates as readonly string[]).includes(kind)
    return `### ${isUpdate ? updates.map((each) => `\`${each}\``).join(', ') : `\`${kind}\``}`
  }
})
