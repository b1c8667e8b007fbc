import { builtBundle, writeBundle } from './bundle.ts'

await writeBundle(builtBundle)
