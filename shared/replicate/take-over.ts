/**
 * A record's home is to move here (see taken-homes.ts): makes the claim without waiting until somebody writes. The claim
 * travels like any write; the peers' promises come back with theirs, and the next commit here takes over.
 */
import { jsonEquals } from '../document/json.ts'
import { withoutFields } from '../document/portable.ts'
import { Contended } from '../ports/index.ts'
import { attemptsMax, type CapturePorts, captureOnce } from './capture.ts'
import { decideRecord } from './decide-record.ts'
import { documentWrite } from './document-write.ts'
import { dataTypeOf } from './here.ts'
import { look } from './look.ts'
import type { RecordRef } from './record-ref.ts'

/** Rejects like `capture`. `unchanged`: there is nothing to claim, or it was claimed before. */
export async function takeOver(ref: RecordRef, ports: CapturePorts): Promise<'claimed' | 'unchanged'> {
  const { here, clock, store, homes } = ports
  const type = dataTypeOf(here, ref.type)
  const taking = await homes?.of(ref.type)
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const sight = await look(ref, { store, type, clock })
    if (sight === 'raced') continue
    if (sight.differs) {
      await captureOnce(ref, sight, ports)
      continue
    }
    const decided = decideRecord(ref, sight.record, type, { site: here.site, nowMs: clock.now(), taking })
    if (decided === sight.record) return 'unchanged'
    const record = { ...decided, lookedMs: sight.fromMs }
    const document = type.record.view(record.state)
    const commit = { ref, record, expected: sight.revision }
    const after = document && withoutFields(document, type.plan.omit)
    const isSame = jsonEquals(after, sight.document.document)
    const result = await store.commit(isSame ? commit : { ...commit, document: documentWrite(sight, after, type) })
    if (result === 'committed') return 'claimed'
  }
  throw new Contended(ref, attemptsMax)
}
