import proto from '@temporalio/proto'
import express, { type Express, type Request, type Response } from 'express'
import { cors } from '../http/cors.ts'
import { EncryptionCodec } from '../../temporal/payload-codec.ts'
import type { Settings } from '../../settings/settings.ts'

const { Payloads } = proto.temporal.api.common.v1
/** Temporal's own limit of a request, and what base64 adds. */
const MOST_BYTES = '6mb'

/**
 * Temporal's remote codec: `POST /decode` and `POST /encode` of `{ payloads: [{ metadata, data }] }`, bytes in base64, as
 * the Web UI and the CLI ask it. Whoever reaches it reads what is encrypted; see SECURITY.md. A payload that cannot be
 * decrypted answers 400 and says why.
 */
export function createCodecApp(settings: Pick<Settings, 'BELAY_PAYLOAD_KEYS' | 'BELAY_CORS_ORIGINS'>): Express {
  const codec = new EncryptionCodec(settings.BELAY_PAYLOAD_KEYS)
  const app = express().disable('x-powered-by').use(cors(settings))
  app.use(express.json({ limit: MOST_BYTES, type: () => true }))
  const turns = { '/decode': codec.decode.bind(codec), '/encode': codec.encode.bind(codec) }
  for (const [path, turn] of Object.entries(turns)) {
    app.post(path, async (request: Request, response: Response) => {
      try {
        const { payloads } = Payloads.fromObject(request.body as Record<string, unknown>)
        const turned = Payloads.fromObject({ payloads: await turn(payloads) })
        response.json(Payloads.toObject(turned, { bytes: String, arrays: true }))
      } catch (error) {
        response.status(400).json({ message: error instanceof Error ? error.message : String(error) })
      }
    })
  }
  return app
}
