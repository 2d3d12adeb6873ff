/** A store that refuses some of its calls, as one does whose capacity is used up: nothing is read or written then. */
import { type RecordStore, StoreUnavailable } from '../../shared/ports/index.ts'

/** `refuses` is asked at every call. */
export function throttledStore(store: RecordStore, refuses: () => boolean): RecordStore {
  const admit = <Input, Output>(call: (input: Input) => Promise<Output>) => {
    return async (input: Input): Promise<Output> => {
      if (refuses()) throw new StoreUnavailable('throttled')
      return call(input)
    }
  }
  const { readBoth } = store
  return {
    readRecord: admit(store.readRecord),
    readDocument: admit(store.readDocument),
    commit: admit(store.commit),
    ...(readBoth && { readBoth: admit(readBoth) }),
  }
}
