import type { Server, ServerResponse } from 'node:http'

/** Whether an api is leaving. From `begin` on every answer asks its caller to close the connection, those under way too. */
export class Draining {
  #begun = false
  readonly #open = new Set<ServerResponse>()

  get begun(): boolean {
    return this.#begun
  }

  /** Before the server's other listeners: the header must be set before anything is written. */
  watch(server: Server): void {
    server.prependListener('request', (_request, response: ServerResponse) => {
      if (this.#begun) {
        response.setHeader('connection', 'close')
        return
      }
      this.#open.add(response)
      response.once('close', () => this.#open.delete(response))
    })
  }

  begin(): void {
    this.#begun = true
    for (const response of this.#open) if (!response.headersSent) response.setHeader('connection', 'close')
    this.#open.clear()
  }
}
