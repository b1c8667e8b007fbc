import { customType, timestamp } from 'drizzle-orm/pg-core'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = Record<string, Json>

/** A column of an instant, with time zone, read as a Date: whole milliseconds. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

/**
 * Compared byte for byte: a caller's key must never be matched by a locale's idea of equality or order. An index of it is
 * cheaper by a tenth to write, too: no locale is asked.
 */
export const bytewise = customType<{ data: string }>({ dataType: () => 'text collate "C"' })
