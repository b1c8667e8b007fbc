import { EXAMPLE } from '../api/http/home-page.ts'
import type { Embedded } from './start.ts'

/** What to open and what to paste. `showKeys` false (a log file, a container): it tells where the keys lie instead. */
export function greeting(embedded: Embedded, showKeys: boolean): string {
  const { apiUrl, uiUrl, mailUrl, secretKey, publicKey, secretKeyFile, feedChannelId } = embedded
  const keys = showKeys
    ? [`  Secret key     ${secretKey}`, `  Public key     ${publicKey}`]
    : [`  Keys           ${secretKeyFile ?? 'as set in BELAY_SECRET_KEY'}`]
  return [
    '',
    'Belay is ready.',
    '',
    // What follows # stays in the browser.
    `  Start page     ${apiUrl}/${showKeys ? `#${secretKey}` : ''}`,
    `  API            ${apiUrl}`,
    `  Documentation  ${apiUrl}/docs`,
    `  Temporal       ${uiUrl}`,
    ...(mailUrl === undefined ? [] : [`  Caught mail    ${mailUrl}`]),
    ...keys,
    ...(feedChannelId === undefined ? [] : [`  In-app feed    ${feedChannelId}`]),
    '',
    ...commands(embedded, showKeys ? secretKey : keyFrom(secretKeyFile)),
    '',
  ].join('\n')
}

/** For the example where it is there, else for one of the operator's own definitions. */
function commands({ apiUrl, definitions, feedChannelId }: Embedded, key: string): string[] {
  const isExample = definitions.includes(EXAMPLE)
  const definition = isExample ? EXAMPLE : definitions[0]
  if (definition === undefined)
    return ['There are no active definitions yet: add <key>/workflow.json to the notifications folder.', '']
  const post = (path: string, body: unknown) =>
    [
      `curl -sS ${apiUrl}/v1/workflows/${definition}/${path} -H "Authorization: Bearer ${key}"`,
      `-H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`,
    ].join(' ')
  const trigger = { recipients: ['ada', 'grace', 'alan'], cancelation_key: 'first-try' }
  const cancel = post('cancel', { cancelation_key: 'first-try', recipients: ['grace'] })
  if (!isExample) {
    return [
      `Notify three people by your definition ${definition} (put into data what it reads), and cancel for one of them:`,
      '',
      post('trigger', { ...trigger, data: {} }),
      '',
      cancel,
      '',
      `curl -sS ${apiUrl}/v1/messages -H "Authorization: Bearer ${key}"`,
      '',
    ]
  }
  const read = feedChannelId === undefined ? 'messages' : `users/ada/feeds/${feedChannelId}`
  return [
    'Notify three people now and in a minute, cancel what is to come for one of them, read what another got.',
    'The pause lets the first messages go out; a cancel that overtook them would take them back, too:',
    '',
    post('trigger', trigger),
    '',
    'sleep 2',
    '',
    cancel,
    '',
    `curl -sS ${apiUrl}/v1/${read} -H "Authorization: Bearer ${key}"`,
    '',
  ]
}

/** Shell text that yields the key without showing it. */
function keyFrom(file: string | null): string {
  if (file === null) return '$BELAY_SECRET_KEY'
  return `$(sed -n 's/.*"secret_key": "\\(.*\\)".*/\\1/p' '${file.replaceAll("'", `'\\''`)}')`
}
