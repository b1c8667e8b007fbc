// npm run test:soak: the long tests, test/soak/*.soak.ts; filters and options as for npm test.
export {}

process.env['BELAY_SOAK'] = 'true'
await import('./run-tests.ts')
