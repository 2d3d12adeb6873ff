/** Firestore: a sync record was written. A rejection makes Eventarc deliver the event again. */
import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework'
import { publish } from '../../shared/replicate/publish.ts'
import { refFromName } from '../../shared/replicate/record-ref.ts'
import { logFailure } from '../common/log.ts'
import { readDocumentEvent } from './document-event.ts'
import { recordField, wholeField } from './record-store.ts'
import { publishPorts } from './site.ts'

cloudEvent('publish', async ({ data }: CloudEvent<unknown>) => {
  const ports = publishPorts()
  const event = readDocumentEvent(data)
  const text = event.textIn(recordField)
  // A record that was taken away has nothing to tell.
  if (text === undefined) return
  const ref = refFromName(event.textIn(wholeField) ?? event.id)
  try {
    await publish([{ ref, text, previous: event.textBefore(recordField) }], ports)
  } catch (error) {
    logFailure({ site: ports.here.site, function: 'publish', record: ref, error })
    throw error
  }
})
