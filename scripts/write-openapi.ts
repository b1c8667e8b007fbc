import { writeFileSync } from 'node:fs'
import { openApiDocument } from '../api/http/openapi.ts'
import { routes } from '../api/routes/index.ts'

const file = new URL('../openapi.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(openApiDocument(routes), null, 2)}\n`)
