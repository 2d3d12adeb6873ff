/** Several sequences, each in order, as one: of each only as much is read as comes before the others' next. */
export async function* inOrder<Item>(
  sequences: readonly AsyncIterable<Item>[],
  isBefore: (a: Item, b: Item) => boolean,
): AsyncGenerator<Item> {
  const iterators = sequences.map(sequence => sequence[Symbol.asyncIterator]())
  const heads = await Promise.all(iterators.map(iterator => iterator.next()))
  for (;;) {
    let next: { readonly index: number; readonly item: Item } | undefined
    heads.forEach((head, index) => {
      if (!head.done && (!next || isBefore(head.value, next.item))) next = { index, item: head.value }
    })
    if (!next) return
    const { index, item } = next
    yield item
    const iterator = iterators[index]
    if (iterator) heads[index] = await iterator.next()
  }
}
