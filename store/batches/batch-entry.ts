/** An activity at the door of a batch: which one it is for, and what that is to be if it opens it. Instants in epoch milliseconds. */
export interface BatchEntry {
  recipient: string
  /** What keeps batches of one recipient apart. */
  key: string
  stepRef: string
  /** When a batch that it opens closes. */
  closesAt: number
  /** A batch that is open already is moved so that it closes then, but not beyond a limit. Null: it stays as it is. */
  slidesTo: number | null
  /** The latest close to which it moves a batch opened then; what it opens itself nobody moves beyond that. Null: any. */
  limitOf: ((openedAt: number) => number) | null
  /** So many activities close it at once. Null: any number. */
  itemLimit: number | null
  /**
   * `first`: it opens the batch and is not in it. `later`: it joins one that was opened before. `any`: whichever it finds.
   * If it is otherwise by now, nothing of its walk is written.
   */
  place: 'any' | 'first' | 'later'
}

/** What a walk that goes on for a batch has seen of it: if that is past, nothing of the walk is written. */
export interface BatchSeen {
  id: number
  revision: number
  /** It is closed by this walk. */
  closes: boolean
}

/** Where an activity came to stand. */
export interface Placed {
  batchId: number
  /** Epoch milliseconds; null: it is the carrier's to wake. */
  due: number | null
}
