import { RuleTester } from 'eslint'
import { describe, it } from 'node:test'
import { linearRegex } from '../../scripts/lint/linear-regex.js'

RuleTester.describe = describe as typeof RuleTester.describe
RuleTester.it = it as typeof RuleTester.it

const slow = [{ messageId: 'slow' }]

new RuleTester().run('linear-regex', linearRegex, {
  valid: [
    '/[\\r\\n]+/g.test(a)',
    '/^[\\w.]+@[\\w.]+$/i.test(a)',
    'new RegExp("^a+$")',
    "import { RegExp } from './ours.ts'",
  ],
  invalid: [
    { code: 'a.replace(/\\s*[\\r\\n]+\\s*/g, " ")', errors: slow },
    { code: 'a.replace(/\\s+$/, "")', errors: slow },
    { code: '/^(a|a)*$/.test(b)', errors: slow },
    { code: '/^(\\w+\\s?)*$/.test(b)', errors: slow },
    { code: 'RegExp("<[^>]*>x")', errors: slow },
    { code: 'new RegExp(`(a+)+$`)', errors: slow },
    { code: 'new RegExp(given)', errors: [{ messageId: 'unseen' }] },
    { code: 'new RegExp(`^${given}$`)', errors: [{ messageId: 'unseen' }] },
  ],
})
