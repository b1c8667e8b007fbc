import { z } from 'zod'
import { channelTypeNames } from '../channels/registry.ts'

export const channel = z
  .object({
    __typename: z.literal('Channel'),
    id: z.uuid(),
    key: z.string(),
    name: z.string(),
    type: z.enum(channelTypeNames()),
    provider: z.string(),
    created_at: z.string().nullable().describe('When it was first published; null until an api has'),
    updated_at: z.string().nullable(),
  })
  .meta({ id: 'Channel' })
