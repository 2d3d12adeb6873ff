/**
 * One site has the say: the primary, or the site that takes in a source's data itself. What becomes of writes at others?
 *
 * Of concurrent writes its own counts, else the latest. With `refuse` a write captured at another site is undone there in
 * the same commit, so that only what the authority writes travels (active-passive); the audit keeps what was written. With
 * `accept` it stands, and loses only to a concurrent write of the authority (local ingestion wins).
 *
 * The price of `refuse`: an application at a passive site reads its own write until the capture, and then no more. And
 * with the authority away nothing can be written: another one needs another declaration. Where only a deletion is
 * concurrent there is nothing to choose between: with `accept`, a change beats it, whosever it was.
 *
 * Not for data that every site must be able to write, and not for decisions such as "who gets the last unit" (ledger).
 */
import type { SiteId } from '../causality/dot.ts'
import { baselineHlc } from '../causality/hybrid-logical-clock.ts'
import type { AuthorityDescriptor, AuthorityOf } from '../declare/merge-descriptor.ts'
import { isJsonObject, type Json } from '../document/json.ts'
import type { MergeType, Misfit, Path, RegisterState, Sibling } from './merge-type.ts'
import { createRegister, latest } from './register.ts'

export function createAuthority({ of, passive }: AuthorityDescriptor): MergeType<RegisterState> {
  const isOwn = ([site, , , value]: Sibling) => authorityOver(value, of) === site
  return {
    ...createRegister({
      rule: 'authority-wins',
      choose(siblings) {
        const own = siblings.filter(isOwn)
        return own.length > 0 ? latest(own) : { ...latest(siblings), rule: 'latest-write-wins' }
      },
      ...(passive === 'refuse' && {
        admits(before, after, stamp) {
          const site = authorityOver(after ?? before, of)
          // What was there before Tributary was is nobody's write.
          return site === undefined || site === stamp.site || stamp.hlc === baselineHlc
        },
      }),
    }),
    misfit: (value, path) => sourceMisfit(value, path, of),
  }
}

/** Undefined: its source is none of the declared ones, so that no site has the say. */
function authorityOver(value: Json | undefined, of: AuthorityOf): SiteId | undefined {
  if (of.by === 'site') return of.site
  const source = sourceOf(value, of.field)
  return source !== undefined && Object.hasOwn(of.sites, source) ? of.sites[source] : undefined
}

function sourceOf(value: Json | undefined, field: string): string | undefined {
  const source = isJsonObject(value) && Object.hasOwn(value, field) ? value[field] : undefined
  return typeof source === 'string' ? source : undefined
}

function sourceMisfit(value: Json, path: Path, of: AuthorityOf): Misfit | undefined {
  if (of.by === 'site' || sourceOf(value, of.field) !== undefined) return undefined
  return { path, reason: `what has an authority for each source names its own in the field '${of.field}', a text` }
}
