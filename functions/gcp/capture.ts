/** Firestore: a document of the application was written. A rejection makes Eventarc deliver the event again. */
import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework'
import { logFailure } from '../common/log.ts'
import { captureDocument, refOfDocument } from './capture-document.ts'
import { readDocumentEvent } from './document-event.ts'
import { capturePorts } from './site.ts'

cloudEvent('capture', async ({ data }: CloudEvent<unknown>) => {
  const ports = capturePorts()
  const event = readDocumentEvent(data)
  try {
    await captureDocument(event, ports)
  } catch (error) {
    logFailure({ site: ports.here.site, function: 'capture', record: refOfDocument(event), error })
    throw error
  }
})
