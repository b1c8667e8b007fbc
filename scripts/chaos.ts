// npm run test:chaos: processes killed at random while in use, test/chaos/*.chaos.ts; filters and options as for npm test.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// What is shipped is what is killed.
execFileSync('npm', ['run', '--silent', 'build'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
})
process.env['BELAY_CHAOS'] = 'true'
await import('./run-tests.ts')
