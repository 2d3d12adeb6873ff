/**
 * Forward: changes from this site's bus go to one peer, and each is done, to be tried again, or a dead letter.
 *
 * A peer that is unreachable, throttles or fails never counts against a change: it waits. A gap is filled with this
 * site's present whole state at once. Only what the peer refuses by name, again and again, is put aside. What an operator
 * holds back (see flow-settings.ts) waits too, and must not keep what is behind it waiting.
 */
import type { SiteId } from '../causality/dot.ts'
import { hlcToMs } from '../causality/hybrid-logical-clock.ts'
import {
  type Clock,
  type DeadLetters,
  OtherDeclaration,
  type Peer,
  PeerUnavailable,
  type RecordStore,
  StoreUnavailable,
} from '../ports/index.ts'
import type { Answer } from './answer.ts'
import { batchReport, type ReportBatch } from './batch-report.ts'
import { batchesOf } from './batches.ts'
import type { Change } from './change.ts'
import { type ChangeEvent, changeEventOf } from './change-event.ts'
import { type BusMessage, type Claim, readBusMessage } from './claim.ts'
import type { EventAbout } from './cloud-event.ts'
import { type DeadLetter, refusedChange, unreadableMessage } from './dead-letter.ts'
import { requireDeclared } from './declared-state.ts'
import { ChangeMalformed } from './event-fields.ts'
import type { FlowControl } from './flow-control.ts'
import { type FlowSettings, heldUntilMs } from './flow-settings.ts'
import { again, done, type Forwarded, reasonOf, waits } from './forwarded.ts'
import type { Here } from './here.ts'
import { wholeChange } from './make-change.ts'
import { askedWhileItAnswers } from './peer-while-it-answers.ts'
import { type RecordRef, recordName } from './record-ref.ts'

export interface ForwardPorts {
  readonly here: Here
  readonly peerId: SiteId
  readonly peer: Peer
  readonly clock: Clock
  readonly store: RecordStore
  readonly deadLetters: DeadLetters
  /** Of this site's route to the peer. */
  readonly flow: FlowControl
  /** Told of every batch that the peer answered. */
  readonly report?: ReportBatch
}

const refusalAttemptsMax = 3
const refusalBackoffMs = 100

/** One event for the peer, and the messages that it settles. */
interface Due {
  readonly event: ChangeEvent
  readonly indexes: readonly number[]
}

/**
 * `texts`: change events and claims as they stood on the bus. Answers in their order; never rejects for what the peer
 * does.
 */
export async function forward(
  texts: readonly string[],
  { peer, ...others }: ForwardPorts,
): Promise<readonly Forwarded[]> {
  const ports = { ...others, peer: askedWhileItAnswers(peer) }
  const settings = await settingsOf(ports)
  if ('outcome' in settings) return texts.map(() => settings)
  const forwarded: Forwarded[] = texts.map(() => done)
  const settle = (indexes: readonly number[], outcome: Forwarded) => {
    for (const index of indexes) forwarded[index] = outcome
  }
  const messages = await Promise.all(
    texts.map(async (text, index) => {
      const read = await toSend(text, settings, ports)
      if (!('outcome' in read)) return read
      settle([index], read)
      return undefined
    }),
  )
  const due: Due[] = messages.flatMap((message, index) =>
    message?.kind === 'change' ? [{ event: message, indexes: [index] }] : [],
  )
  for (const { claim, text, indexes } of claimsIn(messages)) {
    const redeemed = await redeem(claim, text, ports)
    if ('outcome' in redeemed) settle(indexes, redeemed)
    else due.push({ event: redeemed, indexes })
  }
  for (const batch of batchesOf(due, ({ event }) => event)) {
    const outcomes = await forwardInTurn(
      batch.map(({ event }) => event),
      settings,
      ports,
    )
    batch.forEach(({ indexes }, position) => {
      settle(indexes, outcomes[position] ?? done)
    })
  }
  return forwarded
}

/** Unknown what may travel: then nothing does, and everything comes again. */
async function settingsOf({ flow }: ForwardPorts): Promise<FlowSettings | Forwarded> {
  try {
    return await flow.settings()
  } catch (error) {
    return again(reasonOf(error))
  }
}

/** The message that a text is, or what becomes of it without being sent. */
async function toSend(text: string, settings: FlowSettings, ports: ForwardPorts): Promise<BusMessage | Forwarded> {
  try {
    const message = readBusMessage(text)
    const about = aboutOf(message)
    if (isOfUnknownType(about, ports)) return waitsHere(message, `this function knows no data type '${about.type}' yet`)
    return isForPeer(about, ports) ? (heldBack(message, settings, ports) ?? message) : done
  } catch (error) {
    if (!(error instanceof ChangeMalformed)) throw error
    return putMessageAside(text, error.message, ports)
  }
}

function heldBack(message: BusMessage, settings: FlowSettings, { peerId, clock }: ForwardPorts): Forwarded | undefined {
  const { type } = aboutOf(message)
  const untilMs = heldUntilMs(settings, type, clock.now())
  if (untilMs === undefined) return undefined
  return waitsHere(message, `'${type}' to ${peerId} is paused until ${new Date(untilMs).toISOString()}`)
}

function waitsHere(message: BusMessage, reason: string): Forwarded {
  return message.kind === 'claim' ? { outcome: 'waits', reason, claim: message.text } : waits(message.change, reason)
}

function putMessageAside(text: string, reason: string, ports: ForwardPorts): Promise<Forwarded> {
  const { here, clock } = ports
  return putLetter(unreadableMessage({ site: here.site, reason, atMs: clock.now(), text }), ports)
}

/** A letter that nobody takes is tried again with its message, and does not hold up the others. */
async function putLetter(letter: DeadLetter, { deadLetters }: ForwardPorts): Promise<Forwarded> {
  try {
    await deadLetters.put(letter)
    return done
  } catch (error) {
    return again(`the dead letters did not take it: ${reasonOf(error)}`)
  }
}

function aboutOf(message: BusMessage): Change | Claim {
  return message.kind === 'change' ? message.change : message.claim
}

/**
 * Its site is being deployed, and capture has the new type already. Or the type was taken out of the declaration: then
 * it waits for nobody, until it is no news any more.
 */
function isOfUnknownType({ origin, type, hlc }: Change | Claim, { here, clock }: ForwardPorts): boolean {
  const isUnknown = origin === here.site && !here.plan.types.some(({ name }) => name === type)
  return isUnknown && clock.now() - hlcToMs(hlc) < here.messageAgeMaxMs
}

/** Every site sends its own writes only, and a peer gets no type that may not be there. */
function isForPeer({ origin, type }: EventAbout, { here, peerId }: ForwardPorts): boolean {
  return origin === here.site && (here.types.get(type)?.plan.sites.includes(peerId) ?? false)
}

/** Several claims of one record are one: its present state settles them all. */
function claimsIn(messages: readonly (BusMessage | undefined)[]) {
  const claims = new Map<string, { readonly claim: Claim; readonly text: string; readonly indexes: number[] }>()
  messages.forEach((message, index) => {
    if (message?.kind !== 'claim') return
    const { claim, text } = message
    const name = recordName(claim)
    const known = claims.get(name)
    if (known) known.indexes.push(index)
    else claims.set(name, { claim, text, indexes: [index] })
  })
  return claims.values()
}

/** The whole state that a claim stands for, or what becomes of the claim without one. */
async function redeem(claim: Claim, text: string, ports: ForwardPorts): Promise<ChangeEvent | Forwarded> {
  try {
    return (await presentWhole(claim, ports)) ?? done
  } catch (error) {
    if (error instanceof StoreUnavailable) return again(error.message)
    if (error instanceof OtherDeclaration) return { outcome: 'waits', reason: error.message, claim: text }
    return putMessageAside(text, reasonOf(error), ports)
  }
}

async function forwardInTurn(
  events: readonly ChangeEvent[],
  { changesPerSecond }: FlowSettings,
  ports: ForwardPorts,
): Promise<readonly Forwarded[]> {
  if (changesPerSecond === undefined || (await ports.flow.turn(events.length, changesPerSecond))) {
    return forwardBatch(events, ports)
  }
  const reason = `${ports.peerId} is to get ${changesPerSecond} changes a second, and others go first`
  return events.map(() => again(reason))
}

async function forwardBatch(events: readonly ChangeEvent[], ports: ForwardPorts): Promise<readonly Forwarded[]> {
  let answers: readonly Answer[]
  const sentAtMs = ports.clock.now()
  try {
    answers = await ports.peer.deliver(events)
  } catch (error) {
    if (!(error instanceof PeerUnavailable)) throw error
    return events.map(() => again(error.message))
  }
  reportSent(events, answers, sentAtMs, ports)
  return Promise.all(events.map((event, index) => settleAlone(event, answers[index], ports)))
}

function reportSent(
  events: readonly ChangeEvent[],
  answers: readonly Answer[],
  sentAtMs: number,
  ports: ForwardPorts,
): void {
  const { report, peerId: peer, clock } = ports
  if (!report) return
  const bytes = events.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
  const changes = events.map(({ change }) => change)
  const nowMs = clock.now()
  report({ ...batchReport(changes, answers, { batch: 'sent', peer, bytes }, nowMs), tookMs: nowMs - sentAtMs })
}

/** What goes wrong with one change is its own affair: its neighbours in the batch keep their answers. */
async function settleAlone(event: ChangeEvent, answer: Answer | undefined, ports: ForwardPorts): Promise<Forwarded> {
  try {
    return await settle(event, answer, ports)
  } catch (error) {
    if (error instanceof PeerUnavailable || error instanceof StoreUnavailable) {
      return again(error.message)
    }
    if (error instanceof OtherDeclaration) return waits(event.change, error.message)
    // Nothing that a repetition would mend, such as a sync record that this version cannot read.
    return putAside(event, reasonOf(error), 1, ports)
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
      return again(answer.reason)
    case 'held':
      // Made before this site's declaration changed: its present state speaks under the present one.
      if (event.change.plan !== ports.here.plan.hash) return sendWhole(event.change, ports)
      return waits(event.change, `${ports.peerId} runs another plan than ${event.change.plan}`)
    case 'quarantined':
      return waits(event.change, `${ports.peerId} keeps it in quarantine: ${aheadText(answer.aheadMs, ports)}`)
    case undefined:
      return again(`${ports.peerId} gave no answer for this change`)
  }
}

function aheadText(aheadMs: number, { here }: ForwardPorts): string {
  return `the clock of ${here.site} is ${(aheadMs / 1000).toFixed(1)} s ahead; set it right and it goes on by itself`
}

async function sendWhole(change: Change, ports: ForwardPorts): Promise<Forwarded> {
  const whole = await presentWhole(change, ports)
  if (!whole) return done
  const [answer] = await ports.peer.deliver([whole])
  return answer?.answer === 'gap'
    ? again(`${ports.peerId} reports a gap for a whole state`)
    : settle(whole, answer, ports)
}

/** Throws `OtherDeclaration`. Not the state of some change: what was missed meanwhile goes along. Undefined: pruned, its deletion is everywhere. */
async function presentWhole(ref: RecordRef, { store, here, clock }: ForwardPorts): Promise<ChangeEvent | undefined> {
  const asOfMs = clock.now()
  const stored = await store.readRecord(ref)
  if (stored) requireDeclared(ref, stored.record, here.types.get(ref.type), asOfMs)
  return stored && changeEventOf(wholeChange(ref, stored.record, here, asOfMs))
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

function putAside(event: ChangeEvent, reason: string, attempts: number, ports: ForwardPorts): Promise<Forwarded> {
  const { here, peerId, clock } = ports
  return putLetter(refusedChange(event, { site: here.site, peer: peerId, reason, attempts, atMs: clock.now() }), ports)
}
