// npm test: everything, or only the files whose path holds one of the arguments; options (-...) go to node --test.
import 'tsx'

await import('./run-tests.ts')
