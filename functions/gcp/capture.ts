/** Firestore: a document of the application was written. A rejection makes Eventarc deliver the event again. */
import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework'
import { dataTypeOf } from '../../shared/replicate/here.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { logFailure } from '../common/log.ts'
import { captureDocument, refOfDocument } from './capture-document.ts'
import { readDocumentEvent } from './document-event.ts'
import { capturePorts, expressLane, firestore } from './site.ts'
import { leftIn, stoodBefore } from './stood-before.ts'

cloudEvent('capture', async ({ data }: CloudEvent<unknown>) => {
  const express = (await expressLane())()
  const ports = { ...capturePorts(), captured: express.captured }
  const event = readDocumentEvent(data)
  const record = refOfDocument(event, ports.here)?.ref
  try {
    const planOf = ({ type }: RecordRef) => dataTypeOf(ports.here, type).plan
    await captureDocument(event, ports, {
      before: ref => stoodBefore(data, ref, planOf(ref), firestore()),
      left: ref => leftIn(data, ref, planOf(ref), firestore()),
    })
    await express.send()
  } catch (error) {
    logFailure({ site: ports.here.site, function: 'capture', ...(record && { record }), error })
    throw error
  }
})
