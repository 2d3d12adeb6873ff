/** What appears in a Firestore collection, by a listener. */
import { Firestore } from '@google-cloud/firestore'
import type { WatchPlace } from './watch-place.ts'

export async function watchFirestoreCollection({
  site,
  type,
  field,
  onSeen,
}: WatchPlace): Promise<() => Promise<void>> {
  const { project, endpoints, data } = site
  const key = data[type]?.key[0] ?? ''
  const client = new Firestore({
    ...(project === undefined ? {} : { projectId: project }),
    ...(endpoints.firestore === undefined ? {} : { host: endpoints.firestore, ssl: false }),
  })
  const ready = Promise.withResolvers<void>()
  let failure: unknown
  const unsubscribe = client.collection(String(data[type]?.collection)).onSnapshot(
    snapshot => {
      for (const { type: change, doc } of snapshot.docChanges()) {
        if (change === 'removed') continue
        const name: unknown = doc.get(key)
        const value: unknown = doc.get(field)
        if (typeof name === 'string' && typeof value === 'number') onSeen(name, value)
      }
      ready.resolve()
    },
    error => {
      failure = error
      ready.reject(error)
    },
  )
  await ready.promise
  return async () => {
    unsubscribe()
    await client.terminate()
    if (failure !== undefined) throw failure
  }
}
