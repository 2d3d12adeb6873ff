/** What the journals of all types that decide write down: what was committed, and what is wrong with it. */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { RecordStore } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { CapturedWrites } from './captured-writes.ts'
import type { MetWrites } from './met-writes.ts'

export class CommitJournal {
  readonly violations: string[] = []
  protected readonly commits = new CapturedWrites()

  get captures(): number {
    return this.commits.captures
  }

  get merges(): number {
    return this.commits.merges
  }

  get met(): MetWrites {
    return this.commits.met
  }

  get refs(): ReadonlyMap<string, RecordRef> {
    return this.commits.refs
  }

  violation(text: string): void {
    this.violations.push(text)
  }

  watching(site: SiteId, store: RecordStore): RecordStore {
    return this.commits.watching(site, store)
  }
}
