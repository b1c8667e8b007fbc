import type { Embedded } from './start.ts'

/** What to open and what to paste. `showKeys` false (a log file, a container): it tells where the keys lie instead. */
export function greeting(embedded: Embedded, showKeys: boolean): string {
  const { apiUrl, uiUrl, secretKey, publicKey, secretKeyFile, feedChannelId } = embedded
  const keys = showKeys
    ? [`  Secret key     ${secretKey}`, `  Public key     ${publicKey}`]
    : [`  Keys           ${secretKeyFile ?? 'as set in BELAY_SECRET_KEY'}`]
  const key = showKeys ? secretKey : keyFrom(secretKeyFile)
  const post = (path: string, body: unknown) =>
    [
      `curl -sS ${apiUrl}/v1/workflows/try-me/${path} -H "Authorization: Bearer ${key}"`,
      `-H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`,
    ].join(' ')
  const read = feedChannelId === undefined ? 'messages' : `users/ada/feeds/${feedChannelId}`
  return [
    '',
    'Belay is ready.',
    '',
    `  API            ${apiUrl}`,
    `  Documentation  ${apiUrl}/docs`,
    `  Temporal       ${uiUrl}`,
    ...keys,
    ...(feedChannelId === undefined ? [] : [`  In-app feed    ${feedChannelId}`]),
    '',
    'Notify three people now and in a minute, cancel what is to come for one of them, read what another got.',
    'The pause lets the first messages go out; a cancel that overtook them would take them back, too:',
    '',
    post('trigger', { recipients: ['ada', 'grace', 'alan'], cancelation_key: 'first-try' }),
    '',
    'sleep 2',
    '',
    post('cancel', { cancelation_key: 'first-try', recipients: ['grace'] }),
    '',
    `curl -sS ${apiUrl}/v1/${read} -H "Authorization: Bearer ${key}"`,
    '',
    '',
  ].join('\n')
}

/** Shell text that yields the key without showing it. */
function keyFrom(file: string | null): string {
  if (file === null) return '$BELAY_SECRET_KEY'
  return `$(sed -n 's/.*"secret_key": "\\(.*\\)".*/\\1/p' '${file.replaceAll("'", `'\\''`)}')`
}
