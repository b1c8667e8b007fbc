// The last step of the build: what the compiled code reads beside itself.
import { cp } from 'node:fs/promises'

await cp('store/migrations', 'dist/store/migrations', { recursive: true })
