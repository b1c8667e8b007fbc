/** Whose rows a run is about. A run acts for one store only; a higher epoch means that the store was restored. */
export interface StoreIdentity {
  /** UUID, made once with the store. */
  id: string
  epoch: number
}

/** How far a store has come: the counter grows by one a minute. A store behind its own mark was restored from a backup. */
export interface StoreMark extends StoreIdentity {
  counter: number
}

/** The memo of the housekeeping workflow that holds the mark of the store it is about. */
export const STORE_MARK = 'belayStore'
