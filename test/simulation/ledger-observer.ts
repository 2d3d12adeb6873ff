/** Writes down what sites do with reservations, in the journal and in the trace of a run. */
import { recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import type { LedgerJournal } from './ledger-journal.ts'
import { logIn } from './ledger-rulings.ts'
import type { Observer } from './site.ts'

export function ledgerObserver(journal: LedgerJournal, note: (text: () => string) => void): Observer {
  return {
    documentWritten(site, { ref, after, merged }) {
      const writer = merged ? 'Tributary' : 'application'
      note(() => `${site} ${writer} wrote ${recordName(ref)} ${JSON.stringify(after) ?? 'absent'}`)
    },
    recordWritten(site, write) {
      note(() => {
        const { vector, state } = decodeRecord(write.after)
        const from = write.cause ? ` <- ${write.cause.origin}` : ''
        return `${site} sync record ${recordName(write.ref)} ${JSON.stringify(vector)} ${JSON.stringify(logIn(state))}${from}`
      })
      journal.noteRecord(site, write)
    },
    recordRemoved: () => undefined,
    trace: text => note(() => text),
    watching: (site, store) => journal.watching(site, store),
  }
}
