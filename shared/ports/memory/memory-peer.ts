/** A peer in the same process: events pass as text, as they would over a wire, and nothing else is shared. */
import type { SiteId } from '../../causality/dot.ts'
import type { Answer } from '../../replicate/answer.ts'
import type { Change } from '../../replicate/change.ts'
import { readChangeEvent } from '../../replicate/change-event.ts'
import { type IngestPorts, ingest } from '../../replicate/ingest.ts'
import type { Peer } from '../index.ts'

export function createMemoryPeer(sender: SiteId, ports: IngestPorts): Peer {
  return {
    deliver: (events): Promise<readonly Answer[]> => {
      const changes: readonly Change[] = events.map(({ text }) => readChangeEvent(text).change)
      return ingest(changes, sender, ports)
    },
  }
}
