/** A message as a run's handler gets it: through JSON. Throws for one that the handler would ignore. */
export function received<Message>(message: Message, isReadable: (value: unknown) => value is Message): Message {
  const json = JSON.stringify(message)
  const read = JSON.parse(json) as unknown
  if (!isReadable(read)) throw new Error(`the run ignores ${json}`)
  return read
}
