/** Event logs, asked whenever everything has come to rest: all ruled, the same everywhere, and what was illegal told once. */
import type { EventLogDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { jsonEquals } from '../../shared/document/json.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { deadLettersOf, differing, toldOf } from './decision-run.ts'
import type { EventLogJournal } from './event-log-journal.ts'
import {
  compensationId,
  eventLogOf,
  expectedIncidents,
  isCompensation,
  type Outcome,
  replay,
} from './event-log-model.ts'
import { differingLogs } from './ruling-logs.ts'
import type { SimulatedSite } from './site.ts'

export function checkEventLogs(sites: readonly SimulatedSite[], journal: EventLogJournal): readonly string[] {
  return [...[...journal.refs.values()].flatMap(ref => checkRecord(ref, sites, journal)), ...deadLettersOf(sites)]
}

/** Of each event that was ruled illegal and has to be made up for, one event does. */
function uncompensated(
  name: string,
  { compensate = {} }: EventLogDescriptor,
  outcomes: readonly Outcome[],
): readonly string[] {
  return outcomes.flatMap(({ event, kind }) => {
    if (kind !== 'illegal' || isCompensation(event) || !Object.hasOwn(compensate, event.to)) return []
    const id = compensationId(event)
    const counted = outcomes.filter(each => each.event.id === id && each.kind !== 'repeat').length
    return counted === 1 ? [] : [`${name}: ${counted} events make up for ${event.name}`]
  })
}

function checkRecord(ref: RecordRef, sites: readonly SimulatedSite[], journal: EventLogJournal): readonly string[] {
  const name = recordName(ref)
  const differ = [...differing(ref, sites), ...differingLogs(ref, sites)]
  if (differ.length > 0) return differ
  const events = journal.events(name)
  const fixed = journal.logs.fixed(name)
  const { outcomes } = replay(eventLogOf(ref), events, fixed)
  const expected = expectedIncidents(outcomes.slice(0, fixed.length))
  const told = toldOf(ref, sites)
  // What was deleted is not decided about, nor spoken of.
  if (sites[0]?.database.document(ref) === undefined) {
    const early = told.filter(each => !expected.includes(each))
    return early.length === 0 ? [] : [`${name}: told of ${early.join()}, which was not ruled`]
  }
  const open = outcomes.slice(fixed.length).map(({ event }) => event.name)
  return [
    ...uncompensated(name, eventLogOf(ref), outcomes),
    ...(open.length === 0 ? [] : [`${name}: ${open.join()} stay open for ever`]),
    ...(jsonEquals(expected, told) ? [] : [`${name}: told of ${told.join()}, expected ${expected.join()}`]),
  ]
}
