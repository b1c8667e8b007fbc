import type { Client, Connection } from '@temporalio/client'
import { SearchAttributeType } from '@temporalio/common'
import { SettingsError } from '../settings/settings.ts'
import { isForbidden, isRefusal } from './refusals.ts'
import { searchAttributes } from './send.ts'

/** As the CLI names them, and temporal.api.enums.v1.IndexedValueType. */
const TYPES = {
  [SearchAttributeType.KEYWORD]: ['Keyword', 2],
  [SearchAttributeType.INT]: ['Int', 3],
  [SearchAttributeType.KEYWORD_LIST]: ['KeywordList', 7],
} as const

type Attribute = (typeof searchAttributes)[keyof typeof searchAttributes]
const all: readonly Attribute[] = Object.values(searchAttributes)

/** Those of ours that the namespace lacks. An account that may not list them, as in Temporal Cloud, asks for each by a query. */
export async function missingAttributes({ connection, workflow, options }: Client): Promise<Attribute[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: options.namespace })
    return all.filter(({ name }) => !(name in customAttributes))
  } catch (error) {
    if (!isForbidden(error)) throw error
  }
  const missing: Attribute[] = []
  for (const attribute of all) {
    try {
      await workflow.count(`${attribute.name} is null`)
    } catch (error) {
      if (!isRefusal(error)) throw error
      missing.push(attribute)
    }
  }
  return missing
}

/** Makes those that the namespace lacks. Throws a SettingsError that names them where this account may not. */
export async function registerSearchAttributes(client: Client): Promise<void> {
  const missing = await missingAttributes(client)
  if (missing.length === 0) return
  const { namespace } = client.options
  try {
    await addSearchAttributes(client.connection, namespace, missing)
  } catch (error) {
    if (!isForbidden(error)) throw error
    const named = missing.map(({ name, type }) => `${name}=${TYPES[type][0]}`)
    throw new SettingsError(
      `The namespace ${namespace} lacks search attributes, and this account may not make them: ${named.join(', ')}. ` +
        'Make them in the Web UI, or by an account that may: tcld namespace search-attributes add ' +
        `--namespace ${namespace} ${named.map((each) => `--search-attribute "${each}"`).join(' ')}`,
      { cause: error },
    )
  }
}

/** For a server that has none of them; one that has answers with an error. */
export async function addSearchAttributes(
  connection: Pick<Connection, 'operatorService'>,
  namespace: string,
  attributes: readonly Attribute[] = all,
): Promise<void> {
  const wanted = Object.fromEntries(attributes.map(({ name, type }) => [name, TYPES[type][1]]))
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: wanted })
}
