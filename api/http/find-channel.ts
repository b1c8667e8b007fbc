import type { Catalog, Channel } from '../../definitions/catalog.ts'

/** Callers name a channel by its id or its key. */
export function findChannel(catalog: Catalog, idOrKey: string): Channel | undefined {
  return catalog.channels.find((channel) => channel.id === idOrKey.toLowerCase() || channel.key === idOrKey)
}
