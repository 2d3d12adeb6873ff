/** Writes down what the sites' databases hold, in the journal and in the trace of a run. */
import { recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import type { Journal } from './journal.ts'
import type { Observer } from './site.ts'

export function journalObserver(journal: Journal, note: (text: () => string) => void): Observer {
  return {
    documentWritten(site, write) {
      note(
        () =>
          `${site} ${write.merged ? 'merge' : 'application'} wrote ${recordName(write.ref)} ${JSON.stringify(write.after) ?? 'absent'}`,
      )
      journal.noteDocument(site, write)
    },
    recordWritten(site, write) {
      note(
        () =>
          `${site} sync record ${recordName(write.ref)} ${JSON.stringify(decodeRecord(write.after).vector)}${write.cause ? ` <- ${write.cause.origin}` : ''}`,
      )
      journal.noteRecord(site, write)
    },
    recordRemoved(site, removal) {
      note(() => `${site} forgot ${recordName(removal.ref)}`)
      journal.noteRemoved(site, removal)
    },
    trace: text => note(() => text),
    watching: (site, store) => journal.watching(site, store),
  }
}
