/**
 * Ids by due instant, earliest first. An id that is removed or moved stays behind where it lay and is passed over when
 * its instant comes up: `isCurrent` tells, so that a removal costs nothing and moving costs one insertion.
 */
export class DueQueue {
  readonly #byDue = new Map<number, number[]>()
  /** Binary heap of the keys of `#byDue`. */
  readonly #dues: number[] = []
  readonly #isCurrent: (id: number, due: number) => boolean

  constructor(isCurrent: (id: number, due: number) => boolean) {
    this.#isCurrent = isCurrent
  }

  add(id: number, due: number): void {
    const there = this.#byDue.get(due)
    if (there !== undefined) {
      there.push(id)
      return
    }
    this.#byDue.set(due, [id])
    this.#push(due)
  }

  /** The earliest instant somebody sleeps until. */
  earliest(): number | undefined {
    for (let due = this.#dues[0]; due !== undefined; due = this.#dues[0]) {
      const ids = this.#byDue.get(due)!
      while (ids.length > 0 && !this.#isCurrent(ids.at(-1)!, due)) ids.pop()
      if (ids.length > 0) return due
      this.#dropFirst()
    }
    return undefined
  }

  /** An id whose instant is not after `now`; the same one until it is removed or moved. */
  first(now: number): number | undefined {
    const due = this.earliest()
    return due === undefined || due > now ? undefined : this.#byDue.get(due)!.at(-1)
  }

  #push(due: number): void {
    const heap = this.#dues
    let at = heap.push(due) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]! <= due) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = due
  }

  #dropFirst(): void {
    const heap = this.#dues
    this.#byDue.delete(heap[0]!)
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1
      if (heap[child]! >= last) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}
