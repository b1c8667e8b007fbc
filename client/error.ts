/** An answer of Belay's that is an error. `code` is from its table of errors; `errors` names the fields. */
export class BelayError extends Error {
  override readonly name = 'BelayError'
  readonly status: number
  readonly code: string
  readonly errors: { field: string; message: string; type: string }[]
  readonly requestId: string | null

  constructor(status: number, body: unknown, requestId: string | null) {
    const { code, message, errors } = (typeof body === 'object' && body !== null ? body : {}) as Partial<BelayError>
    const fields = (errors ?? []).map((error) => `${error.field} ${error.message}`).join('; ')
    super([message ?? `Belay answered ${status}`, fields].filter((part) => part !== '').join(': '))
    this.status = status
    this.code = code ?? 'unknown'
    this.errors = errors ?? []
    this.requestId = requestId
  }
}
