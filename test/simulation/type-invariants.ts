/**
 * What holds for each type by itself, asked of the plain models beside the invariants: which rule decided and what is
 * flagged, which values wait for somebody to choose, and what was undone and is in the audit of that site.
 */
import { type Json, jsonEquals } from '../../shared/document/json.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import type { Arbitration, Version } from '../../shared/resolve/merge-type.ts'
import type { Captured } from './captured.ts'
import type { Ended } from './invariants.ts'
import type { SimulatedSite } from './site.ts'
import {
  type Model,
  type ModelledRecord,
  modelAt,
  modelledRecord,
  type OneValue,
  type Refused,
  shownOf,
  type Value,
} from './type-model.ts'
import { typeModels } from './type-models.ts'

export function checkTypes({ sites, journal }: Ended): readonly string[] {
  const found: string[] = []
  for (const [name, ref] of journal.refs) {
    const model = typeModels[ref.type]
    if (!model) continue
    const captures = journal.captures.get(name) ?? []
    const modelled = modelledRecord(model, captures)
    for (const site of sites) {
      const resolutions = [...site.auditStore.entries.values()]
        .filter(isResolution)
        .filter(entry => recordName(entry) === name)
      const faults = [
        ...undone(site, resolutions, modelled),
        ...resolutions
          .filter(({ origin }) => origin !== site.id)
          .flatMap(({ arbitrations }) => arbitrations.flatMap(each => arbitrated(each, model, captures))),
        ...waiting(site, ref, modelled),
        ...traced(site, ref, modelled),
      ]
      found.push(...faults.map(fault => `${name} at ${site.id}: ${fault}`))
    }
  }
  return found
}

/** What was not taken of a site's own writes is in its audit, whole, once, and nothing else is. */
function undone(site: SimulatedSite, resolutions: readonly Resolution[], { refused }: ModelledRecord): string[] {
  const audited = resolutions
    .filter(({ origin }) => origin === site.id)
    .flatMap(({ to, arbitrations }) =>
      arbitrations.map(({ path, rule, review, lost = [] }) =>
        line(to, path, rule, review, lost.length === 1 ? lost[0]?.value : undefined),
      ),
    )
  const expected = refused
    .filter(({ by }) => by.dot[0] === site.id)
    .map(({ by, path, rule, review, value }: Refused) => line(by.dot[1], path, rule, review, value ?? null))
  return [
    ...missing(expected, audited).map(each => `undone and not in its audit: ${each}`),
    ...missing(audited, expected).map(each => `in its audit and not undone: ${each}`),
  ]
}

function line(...parts: readonly unknown[]): string {
  return JSON.stringify(parts)
}

/** Those of `all` that are not in `others`, as often as they stand there. */
function missing(all: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others]
  return all.filter(each => {
    const index = left.indexOf(each)
    if (index >= 0) left.splice(index, 1)
    return index < 0
  })
}

/** Of these values that one counts, by that rule, and it is flagged if the type says so and only then. */
function arbitrated(arbitration: Arbitration, whole: Model, captures: readonly Captured[]): readonly string[] {
  const { path, rule, review = false, kept, lost = [] } = arbitration
  const model = modelAt(whole, path)
  const what = `${path.join('.')} by ${rule}${review ? ', flagged' : ''}`
  if (rule === 'update-beats-removal') return review ? [`${what}: nothing to choose`] : []
  if (model?.kind === 'amount') return rule === 'sum' && !review ? [] : [`${what}: amounts add up`]
  if (model?.kind !== 'one value') return [`${what}: no value of its own`]
  const versions = [...(kept ? [kept] : []), ...lost]
  const values = inOrder(versions, captures)
  if (values.length !== versions.length) return [`${what}: tells of a write that nobody made`]
  if (values.length < 2) return [`${what}: one value alone`]
  return judged(model, values, { rule, review, kept }).map(fault => `${what}: ${fault}`)
}

function judged(
  model: OneValue,
  values: readonly Value[],
  { rule, review, kept }: { readonly rule: string; readonly review: boolean; readonly kept: Version | undefined },
): readonly string[] {
  const shown = shownOf(model, values)
  const flagged = model.review && values.some(({ value }) => !jsonEquals(value, shown.value))
  return [
    ...(shown.rule === rule ? [] : [`expected ${shown.rule}`]),
    ...(review === flagged ? [] : [`expected ${flagged ? 'a flag' : 'no flag'}`]),
    ...(sameWrite(kept, shown.put?.by) ? [] : [`kept ${text(kept?.value)}, expected ${text(shown.put?.value)}`]),
  ]
}

/** As the captured writes that they are, from the first to the last. */
function inOrder(versions: readonly Version[], captures: readonly Captured[]): readonly Value[] {
  const values = versions.flatMap(({ site, counter, value }) => {
    const by = captures.find(({ dot }) => dot[0] === site && dot[1] === counter)
    return by ? [{ by, value }] : []
  })
  return values.sort((a, b) => a.by.hlc - b.by.hlc || (a.by.dot[0] < b.by.dot[0] ? -1 : 1))
}

/** Of each value it is told whose write it is. */
function traced(site: SimulatedSite, ref: RecordRef, { cells }: ModelledRecord): readonly string[] {
  const origins = typeAt(site, ref)?.origins(stateAt(site, ref)) ?? []
  const told = origins.map(({ path, site: from, counter }) => line(path, dotText([from, counter])))
  const expected = cells.flatMap(({ path, open, shown, visible }) =>
    visible && shown ? (shown.put ? [shown.put] : open).map(({ by }) => line(path, dotText(by.dot))) : [],
  )
  return [
    ...missing(expected, told).map(each => `comes from there and is not told: ${each}`),
    ...missing(told, expected).map(each => `is said to come from there: ${each}`),
  ]
}

function typeAt(site: SimulatedSite, { type }: RecordRef) {
  return site.here.types.get(type)?.record
}

function stateAt(site: SimulatedSite, ref: RecordRef) {
  const stored = site.database.record(ref)
  return stored === undefined ? undefined : decodeRecord(stored).state
}

/** All values that wait for somebody to choose are told of, the shown one first, and no others. */
function waiting(site: SimulatedSite, ref: RecordRef, { cells }: ModelledRecord): readonly string[] {
  const open = typeAt(site, ref)?.openSiblings(stateAt(site, ref)) ?? []
  const told = open.map(({ path, versions: [first, ...others] }) =>
    line(path, first && dotText([first.site, first.counter]), others.map(v => dotText([v.site, v.counter])).sort()),
  )
  const expected = cells.flatMap(({ path, model, open: values, shown, visible }) => {
    const isOpen = values.some(({ value }) => !jsonEquals(value, shown?.value))
    if (!visible || !model.review || model.refuses || !isOpen) return []
    const others = values.filter(put => put !== shown?.put).map(({ by }) => dotText(by.dot))
    return [line(path, shown?.put && dotText(shown.put.by.dot), others.sort())]
  })
  return [
    ...missing(expected, told).map(each => `waits for somebody and is not told: ${each}`),
    ...missing(told, expected).map(each => `is said to wait for somebody: ${each}`),
  ]
}

function sameWrite(version: Version | undefined, by: Captured | undefined): boolean {
  return version?.site === by?.dot[0] && version?.counter === by?.dot[1]
}

function dotText([site, counter]: Captured['dot']): string {
  return `${site}:${counter}`
}

function text(value: Json | undefined): string {
  return JSON.stringify(value) ?? 'none'
}
