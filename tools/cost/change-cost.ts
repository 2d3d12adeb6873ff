/**
 * What a million changes cost beyond the application's own writes: for each site that sends them and each route that they
 * take. From the operations per change that tests count (docs/protocol.md) and a table of prices.
 *
 * Assumed: no conflicts; documents and sync records of the same size everywhere; the changes of a day come evenly, so a trigger
 * hands over what came since it last looked; functions take so many ms as below. Cloud Run and Flex Consumption bill an
 * instance for as long as it works on anything, and no less than a while each time: where changes come now and then, that
 * while is most of the bill, and where they come all the time, an instance that is always at work.
 */
import { feedPollMs } from '../../functions/azure/feed-poll.ts'
import { messageBytesMax } from '../../functions/azure/message-bytes.ts'
import { instanceMemoryMb } from '../../infra/azure/instance-size.ts'
import {
  type Cloud,
  isExpress,
  type SitePlan,
  type SyncPlan,
  type Tier,
  type TypePlan,
} from '../../shared/declare/sync-plan.ts'
import { awsPrices, azurePrices, gcpPrices } from './prices.ts'

/** A part of the cost, in USD per million changes. `to`: of a route, at either end of it; absent: of the sender alone. */
export interface CostPart {
  readonly from: string
  readonly to?: string
  readonly at: string
  readonly what: string
  readonly usd: number
}

export interface Load {
  /** At all sites together. */
  readonly changesPerDay: number
  /** Of a document as JSON, in bytes. */
  readonly size: number
}

const kb = 1024
const gb = 1024 ** 3
/** A sync record beside its document, in the compact form: under 0.8 KB for 1 KB (docs/protocol.md). */
const recordShare = 0.8
/** A batch of changes on its way, of the documents' JSON (docs/limits.md). */
const sentShare = 0.2
/** Of a request and its answer: headers with token and certificate, twice, and TLS. */
const requestBytes = 4 * kb
/** What a change has beside its document as it lies in a queue: 300 real documents of 1.05 KB took 1.75 KB there. */
const queuedExtraBytes = 0.7 * kb
/** A line of the log for each batch at either end. */
const lineBytes = 400

/** Of an invocation: ms, and for each change in it. */
const invocationMs = 20
const changeMs = 8

interface Batches {
  readonly capture: number
  readonly publish: number
  readonly forward: number
}

const batchMax = 100
const secondsPerDay = 86_400

/** A push hands over one at a time. */
const atOnce = Number.POSITIVE_INFINITY

/** What comes to forward while a request is under way travels with the next one (functions/common/gathered.ts). */
const requestSeconds = 0.1

/** How often a trigger hands over what has come, in times a second (docs/latency.md). */
function looksPerSecond(cloud: Cloud, tier: Tier): Batches {
  const feed = 1000 / feedPollMs[tier]
  const looks: Readonly<Record<Cloud, Batches>> = {
    aws: { capture: 4, publish: 4, forward: 1 },
    gcp: { capture: atOnce, publish: atOnce, forward: 1 / requestSeconds },
    // What one publish had comes together.
    azure: { capture: feed, publish: feed, forward: Math.min(feed, 2) },
  }
  return looks[cloud]
}

function perSecondOf(changesPerDay: number): number {
  return changesPerDay / secondsPerDay
}

function batchesAt(cloud: Cloud, tier: Tier, changesPerDay: number): Batches {
  const perSecond = perSecondOf(changesPerDay)
  const looks = looksPerSecond(cloud, tier)
  const batch = (of: keyof Batches) => Math.min(batchMax, Math.max(1, perSecond / looks[of]))
  return { capture: batch('capture'), publish: batch('publish'), forward: batch('forward') }
}

/** Of a type that every site of it may change, each as often as the others. */
export function changeCosts(plan: SyncPlan, type: TypePlan, { changesPerDay, size }: Load): readonly CostPart[] {
  const sites = plan.sites.filter(({ id }) => type.sites.includes(id))
  const sent = changesPerDay / sites.length
  return sites.flatMap(from => [
    ...senderParts(from, type, { sent, changesPerDay, size }),
    ...sites.filter(to => to !== from).flatMap(to => routeParts(from, to, type, { sent, changesPerDay, size })),
  ])
}

/** What one change of each sender costs together, divided by the senders: a change anywhere. */
export function costOfMillion(parts: readonly CostPart[]): number {
  const senders = new Set(parts.map(({ from }) => from)).size
  return parts.reduce((sum, { usd }) => sum + usd, 0) / Math.max(1, senders)
}

/** `sent`: of the changes of a day, those of one sender. */
interface SharedLoad extends Load {
  readonly sent: number
}

type Bill = Readonly<Record<string, number>>

function senderParts({ id, cloud }: SitePlan, { tier }: TypePlan, load: SharedLoad): readonly CostPart[] {
  // With a site's own changes the echoes of the others come in.
  const batches = batchesAt(cloud, tier, load.changesPerDay)
  const perSecond = perSecondOf(load.changesPerDay)
  const bills: Readonly<Record<Cloud, () => Bill>> = {
    aws: () => ({
      'capture: DynamoDB': dynamoReads(load, 2, 1) + awsPrices.writeUnit * units(recordBytes(load), kb),
      'capture and publish: Lambda': lambda(batches.capture) + lambda(batches.publish),
      'stream of changes: in': (awsPrices.streamInGb + awsPrices.streamKeptGbMonth * (6 / 30)) * recordsGb(load),
    }),
    gcp: () => ({
      'capture: Firestore': 3 * gcpPrices.read + gcpPrices.write,
      'capture and publish: functions': 2 * cloudRun(1, perSecond),
      'topic of changes: in': gcpPrices.messageGb * recordsGb(load),
    }),
    azure: () => ({
      'capture: Cosmos DB': azurePrices.requestUnit * (3 * readUnits(load) + writeUnits(recordBytes(load))),
      'capture and publish: change feed': azurePrices.requestUnit * 2 * readUnits(load),
      'capture and publish: functions': flex(batches.capture, perSecond) + flex(batches.publish, perSecond),
    }),
  }
  return partsOf(bills[cloud](), { from: id, at: id })
}

function routeParts(from: SitePlan, to: SitePlan, type: TypePlan, load: SharedLoad): readonly CostPart[] {
  return [
    ...partsOf(sendingBill(from, to, type, load), { from: from.id, to: to.id, at: from.id }),
    ...partsOf(receivingBill(from, to, type, load), { from: from.id, to: to.id, at: to.id }),
  ]
}

function partsOf(bill: Bill, place: Pick<CostPart, 'from' | 'to' | 'at'>): readonly CostPart[] {
  return Object.entries(bill).map(([what, usd]) => ({ ...place, what, usd: usd * 1e6 }))
}

/** The express lane sends what its capture captured at once, beside the durable path. */
function requestsPerChange(from: SitePlan, type: TypePlan, load: SharedLoad): number {
  const { capture, forward } = batchesAt(from.cloud, type.tier, load.sent)
  return 1 / forward + (isExpress(type) ? 1 / capture : 0)
}

function sendingBill(from: SitePlan, to: SitePlan, type: TypePlan, load: SharedLoad): Bill {
  const { forward } = batchesAt(from.cloud, type.tier, load.sent)
  const requests = requestsPerChange(from, type, load)
  const sentGb = (load.size * sentShare * (isExpress(type) ? 2 : 1) + requests * requestBytes) / gb
  const logged = lineBytes / forward / gb
  const perSecond = perSecondOf(load.sent)
  switch (from.cloud) {
    case 'aws':
      return {
        'stream of changes: out': awsPrices.streamOutGb * recordsGb(load),
        'forward: Lambda': lambda(forward) + awsPrices.logGb * logged,
        egress: sentGb * (to.cloud === 'aws' ? awsPrices.regionGb : awsPrices.egressGb),
      }
    case 'gcp':
      return {
        'topic of changes: out': gcpPrices.messageGb * recordsGb(load),
        'forward: functions': cloudRun(1, perSecond) + gcpPrices.logGb * logged,
        egress: sentGb * gcpPrices.egressGb,
      }
    case 'azure':
      return {
        // In, out and gone.
        'queue of changes': (3 * azurePrices.queueOperation) / queuedTogether(forward, load),
        'forward: functions': flex(forward, perSecond, queuedTogether(forward, load)) + azurePrices.logGb * logged,
        egress: sentGb * azurePrices.egressGb,
      }
  }
}

/** Changes in a message of those that come together. */
function queuedTogether(changes: number, { size }: Load): number {
  return Math.max(1, Math.min(changes, Math.floor(messageBytesMax / (size + queuedExtraBytes))))
}

/** Ingest, and the echo: capture sees the document that ingest wrote, and publish the sync record. */
function receivingBill(from: SitePlan, to: SitePlan, type: TypePlan, load: SharedLoad): Bill {
  const requests = requestsPerChange(from, type, load)
  const { capture, publish } = batchesAt(to.cloud, type.tier, load.changesPerDay)
  const all = perSecondOf(load.changesPerDay)
  const arriving = perSecondOf(load.changesPerDay - load.sent)
  const duplicates = isExpress(type) ? 1 : 0
  switch (to.cloud) {
    case 'aws':
      return {
        'ingest: DynamoDB':
          dynamoReads(load, 2 + 2 * duplicates, 0) +
          2 * awsPrices.writeUnit * (units(load.size, kb) + units(recordBytes(load), kb)),
        'ingest: API and firewall': requests * (awsPrices.apiRequest + awsPrices.firewallRequest),
        'ingest: Lambda': lambda(1 / requests) + (awsPrices.logGb * lineBytes * requests) / gb,
        // The event tells what the merge left: the sync record is read, and the document is not.
        'echo: DynamoDB': awsPrices.readUnit * units(recordBytes(load), 4 * kb),
        'echo: Lambda': lambda(capture) + lambda(publish),
      }
    case 'gcp':
      return {
        'ingest: Firestore': (2 + 2 * duplicates) * gcpPrices.read + 2 * gcpPrices.write,
        'ingest: functions': cloudRun(1 / requests, arriving) + (gcpPrices.logGb * lineBytes * requests) / gb,
        'echo: Firestore': gcpPrices.read,
        'echo: functions': 2 * cloudRun(1, all),
      }
    case 'azure':
      return {
        'ingest: Cosmos DB':
          azurePrices.requestUnit *
          ((2 + 2 * duplicates) * readUnits(load) + writeUnits(load.size) + writeUnits(recordBytes(load))),
        'ingest: functions': flex(1 / requests, arriving) + (azurePrices.logGb * lineBytes * requests) / gb,
        // The feed has document and sync record, and capture and publish each look into it: nothing is read beside.
        'echo: Cosmos DB': azurePrices.requestUnit * 2 * readUnits(load),
        'echo: functions': flex(capture, all) + flex(publish, all),
      }
  }
}

/** The same load on DynamoDB global tables with as many replicas, without the application's own write. */
export function globalTablesCost(replicas: number, { size }: Load): number {
  const others = replicas - 1
  return 1e6 * others * (awsPrices.writeUnit * units(size, kb) + (size / gb) * awsPrices.regionGb)
}

/** What a site costs a day before any change that grows with no change: the stream, and the feeds that are asked all day. */
export function fixedPerDay({ cloud }: SitePlan, types: readonly TypePlan[]): number {
  if (cloud === 'aws') return 24 * awsPrices.streamHour
  if (cloud === 'gcp') return 0
  // Capture and publish each look for themselves, for each type; a look that finds nothing takes two units.
  const looks = types.reduce((sum, { tier }) => sum + 2 * looksPerSecond(cloud, tier).capture, 0)
  return looks * secondsPerDay * 2 * azurePrices.requestUnit
}

function recordBytes({ size }: Pick<Load, 'size'>): number {
  return size * recordShare
}

/** Messages count in whole KB. */
function recordsGb(load: Pick<Load, 'size'>): number {
  return (units(recordBytes(load), kb) * kb) / gb
}

function units(bytes: number, of: number): number {
  return Math.max(1, Math.ceil(bytes / of))
}

/** Strong reads of record and document in turn; a transactional read is one of both, at twice the price. */
function dynamoReads(load: Pick<Load, 'size'>, strong: number, transactional: number): number {
  const one = (units(load.size, 4 * kb) + units(recordBytes(load), 4 * kb)) / 2
  return awsPrices.readUnit * (strong * one + transactional * 4 * one)
}

/** Cosmos, bounded staleness: a read of 1 KB takes two units. (learn.microsoft.com/azure/cosmos-db/request-units) */
function readUnits({ size }: Pick<Load, 'size'>): number {
  return 2 * units(size, 4 * kb)
}

/** A write of 1 KB with its index. */
function writeUnits(bytes: number): number {
  return 6 * units(bytes, kb)
}

const memoryGb = { aws: 0.5, gcp: 0.5, azure: instanceMemoryMb / 1024 } as const
const seconds = (changes: number) => (invocationMs + changeMs * changes) / 1000

/** Per change, of an invocation for so many. */
function lambda(changes: number): number {
  return (awsPrices.invocation + seconds(changes) * memoryGb.aws * awsPrices.gbSecond) / changes
}

/** Per change, of an invocation for so many of so many a second. */
function cloudRun(changes: number, perSecond: number): number {
  const billedS = billedSeconds(changes, perSecond, gcpPrices.leastSeconds)
  return (gcpPrices.invocation + billedS * (gcpPrices.vcpuSecond + memoryGb.gcp * gcpPrices.gbSecond)) / changes
}

/** Likewise. `changesEach`: in an invocation, where several run side by side. */
function flex(changes: number, perSecond: number, changesEach = changes): number {
  const billedS = billedSeconds(changes, perSecond, azurePrices.leastSeconds)
  return azurePrices.invocation / changesEach + (billedS * memoryGb.azure * azurePrices.gbSecond) / changes
}

/** No less than the least, but never more than all the time there is. */
function billedSeconds(changes: number, perSecond: number, leastSeconds: number): number {
  return Math.max(seconds(changes), Math.min(leastSeconds, changes / perSecond))
}
