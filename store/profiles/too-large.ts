/** Written, these recipients would have more of their own than one may have. The transaction must end without effect. */
export class ProfileTooLargeError extends Error {
  override readonly name = 'ProfileTooLargeError'
  readonly field: 'properties' | 'preferences'
  /** Their keys. */
  readonly ids: string[]

  constructor(field: 'properties' | 'preferences', most: string, ids: string[]) {
    super(`More than ${most}: ${ids.join(', ')}`)
    this.field = field
    this.ids = ids
  }
}
