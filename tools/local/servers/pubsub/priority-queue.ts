/**
 * Which of many waiting things is due first?
 *
 * A binary heap that also knows where each item sits, so that an item in the middle can be moved or taken out in
 * O(log n): a message that is acknowledged leaves the queue of deadlines, a lease that is extended moves in it, and a
 * backlog of tens of thousands makes neither slower.
 */
export class PriorityQueue<T> {
  readonly #heap: { readonly item: T; readonly priority: number }[] = []
  readonly #positions = new Map<T, number>()

  get size(): number {
    return this.#heap.length
  }

  /** The item with the least priority, and that priority. */
  peek(): { readonly item: T; readonly priority: number } | undefined {
    return this.#heap[0]
  }

  /** Adds the item, or moves it if it is there already. */
  set(item: T, priority: number): void {
    const position = this.#positions.get(item) ?? this.#heap.length
    this.#put(position, { item, priority })
    this.#siftUp(position)
    this.#siftDown(position)
  }

  delete(item: T): void {
    const position = this.#positions.get(item)
    if (position === undefined) return
    this.#positions.delete(item)
    const last = this.#heap.pop()
    if (!last || last.item === item) return
    this.#put(position, last)
    this.#siftUp(position)
    this.#siftDown(position)
  }

  #put(position: number, node: { readonly item: T; readonly priority: number }): void {
    this.#heap[position] = node
    this.#positions.set(node.item, position)
  }

  #siftUp(start: number): void {
    for (let position = start; position > 0; ) {
      const parent = (position - 1) >> 1
      if (!this.#swapIfLess(position, parent)) return
      position = parent
    }
  }

  #siftDown(start: number): void {
    for (let position = start; ; ) {
      const left = 2 * position + 1
      const right = left + 1
      const child = this.#priorityAt(right) < this.#priorityAt(left) ? right : left
      if (!this.#swapIfLess(child, position)) return
      position = child
    }
  }

  #priorityAt(position: number): number {
    return this.#heap[position]?.priority ?? Number.POSITIVE_INFINITY
  }

  #swapIfLess(lower: number, upper: number): boolean {
    const [a, b] = [this.#heap[lower], this.#heap[upper]]
    if (!a || !b || a.priority >= b.priority) return false
    this.#put(lower, b)
    this.#put(upper, a)
    return true
  }
}
