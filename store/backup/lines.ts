import { StringDecoder } from 'node:string_decoder'

/** The lines of a stream of UTF-8, one in memory at a time. Rejects as the stream does. What follows the last newline is a line. */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let begun: string[] = []
  for await (const chunk of stream) {
    const [first, ...others] = decoder.write(chunk).split('\n')
    begun.push(first!)
    for (const next of others) {
      yield begun.join('')
      begun = [next]
    }
  }
  const last = begun.join('') + decoder.end()
  if (last !== '') yield last
}
