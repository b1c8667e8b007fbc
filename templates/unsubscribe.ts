/**
 * `vars.commercial_unsubscribe_url` while a message is rendered. The recipient's own, signed address takes its place when
 * the message is sent: what is stored, previewed or shared by recipients of a trigger holds nobody's.
 */
export const UNSUBSCRIBE_URL = 'https://commercial-unsubscribe.belay.invalid/'
