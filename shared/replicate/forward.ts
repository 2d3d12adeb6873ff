/**
 * Forward: changes from this site's bus go to one peer, and each is done, to be tried again, or a dead letter.
 *
 * A peer that is unreachable, throttles or fails never counts against a change: it waits. A gap is filled with this
 * site's present whole state at once. Only what the peer refuses by name, again and again, is put aside.
 */
import type { SiteId } from '../causality/dot.ts'
import {
  type Clock,
  type DeadLetters,
  type Peer,
  PeerUnavailable,
  type RecordStore,
  StoreUnavailable,
} from '../ports/index.ts'
import type { Answer } from './answer.ts'
import { batchesOf } from './batches.ts'
import type { Change } from './change.ts'
import { type ChangeEvent, ChangeMalformed, changeEventOf, readChangeEvent } from './change-event.ts'
import { refusedChange, unreadableMessage } from './dead-letter.ts'
import type { Here } from './here.ts'
import { wholeChange } from './publish.ts'

export interface ForwardPorts {
  readonly here: Here
  readonly peerId: SiteId
  readonly peer: Peer
  readonly clock: Clock
  readonly store: RecordStore
  readonly deadLetters: DeadLetters
}

/** `again`: the trigger must deliver the change once more; nothing is wrong with it. */
export type Forwarded = { readonly outcome: 'done' } | { readonly outcome: 'again'; readonly reason: string }

export const refusalAttemptsMax = 3
export const refusalBackoffMs = 100

const done: Forwarded = { outcome: 'done' }

/** `texts`: change events as they stood on the bus. Answers in their order; never rejects for what the peer does. */
export async function forward(texts: readonly string[], ports: ForwardPorts): Promise<readonly Forwarded[]> {
  const forwarded: Forwarded[] = texts.map(() => done)
  const events = await Promise.all(texts.map(text => readOrPutAside(text, ports)))
  const due = events.flatMap((event, index) => (event && isForPeer(event.change, ports) ? [{ event, index }] : []))
  for (const batch of batchesOf(due, ({ event }) => event)) {
    const outcomes = await forwardBatch(
      batch.map(({ event }) => event),
      ports,
    )
    batch.forEach(({ index }, position) => {
      forwarded[index] = outcomes[position] ?? done
    })
  }
  return forwarded
}

async function readOrPutAside(
  text: string,
  { here, clock, deadLetters }: ForwardPorts,
): Promise<ChangeEvent | undefined> {
  try {
    return readChangeEvent(text)
  } catch (error) {
    if (!(error instanceof ChangeMalformed)) throw error
    await deadLetters.put(unreadableMessage({ site: here.site, reason: error.message, atMs: clock.now(), text }))
    return undefined
  }
}

/** Every site sends its own writes only, and a peer gets no type that may not be there. */
function isForPeer(change: Change, { here, peerId }: ForwardPorts): boolean {
  return change.origin === here.site && (here.types.get(change.type)?.plan.sites.includes(peerId) ?? false)
}

async function forwardBatch(events: readonly ChangeEvent[], ports: ForwardPorts): Promise<readonly Forwarded[]> {
  let answers: readonly Answer[]
  try {
    answers = await ports.peer.deliver(events)
  } catch (error) {
    if (!(error instanceof PeerUnavailable)) throw error
    return events.map(() => ({ outcome: 'again', reason: error.message }))
  }
  return Promise.all(events.map((event, index) => settleAlone(event, answers[index], ports)))
}

/** What goes wrong with one change is its own affair: its neighbours in the batch keep their answers. */
async function settleAlone(event: ChangeEvent, answer: Answer | undefined, ports: ForwardPorts): Promise<Forwarded> {
  try {
    return await settle(event, answer, ports)
  } catch (error) {
    if (error instanceof PeerUnavailable || error instanceof StoreUnavailable) {
      return { outcome: 'again', reason: error.message }
    }
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    // Nothing that a repetition would mend, such as a sync record that this version cannot read.
    return putAside(event, reason, 1, ports)
  }
}

async function settle(event: ChangeEvent, answer: Answer | undefined, ports: ForwardPorts): Promise<Forwarded> {
  switch (answer?.answer) {
    case 'applied':
    case 'duplicate':
      return done
    case 'gap':
      return sendWhole(event.change, ports)
    case 'refused':
      return refuse(event, ports)
    case 'busy':
      return { outcome: 'again', reason: answer.reason }
    case 'held':
      // Made before this site's declaration changed: its present state speaks under the present one.
      if (event.change.plan !== ports.here.plan.hash) return sendWhole(event.change, ports)
      return { outcome: 'again', reason: `${ports.peerId} runs another plan than ${event.change.plan}` }
    case undefined:
      return { outcome: 'again', reason: `${ports.peerId} gave no answer for this change` }
  }
}

/** The present state, not the one of the change: what was missed meanwhile goes along. */
async function sendWhole(change: Change, ports: ForwardPorts): Promise<Forwarded> {
  const stored = await ports.store.readRecord(change)
  // Pruned since: the deletion is at every site already.
  if (!stored) return done
  const whole = changeEventOf(wholeChange(change, stored.record, ports.here))
  const [answer] = await ports.peer.deliver([whole])
  return answer?.answer === 'gap'
    ? { outcome: 'again', reason: `${ports.peerId} reports a gap for a whole state` }
    : settle(whole, answer, ports)
}

async function refuse(event: ChangeEvent, ports: ForwardPorts): Promise<Forwarded> {
  const { peer, clock } = ports
  let reason = ''
  for (let attempt = 1; attempt <= refusalAttemptsMax; attempt++) {
    await clock.sleep(refusalBackoffMs * 2 ** (attempt - 1))
    const [answer] = await peer.deliver([event])
    if (answer?.answer !== 'refused') return settle(event, answer, ports)
    reason = `${answer.reason}: ${answer.detail}`
  }
  return putAside(event, reason, refusalAttemptsMax + 1, ports)
}

async function putAside(
  event: ChangeEvent,
  reason: string,
  attempts: number,
  { here, peerId, clock, deadLetters }: ForwardPorts,
): Promise<Forwarded> {
  await deadLetters.put(refusedChange(event, { site: here.site, peer: peerId, reason, attempts, atMs: clock.now() }))
  return done
}
