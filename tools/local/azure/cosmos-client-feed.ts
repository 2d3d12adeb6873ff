/**
 * The change feed of a Cosmos container through the official client: pull model, one iterator per feed range.
 *
 * Leases are documents of the lease container, named and shaped like those of the .NET change feed processor that the
 * Functions extension uses, but not interchangeable with them (the position inside is the JavaScript client's). The
 * ranges are noted at the first start: after a split the position of the old range covers its children.
 */
import {
  ChangeFeedMode,
  type ChangeFeedPullModelIterator,
  ChangeFeedStartFrom,
  type Container,
  CosmosClient,
  type FeedRange,
} from '@azure/cosmos'
import { z } from 'zod'
import type { Doorbell } from '../runtime/doorbell.ts'
import type { ChangedPlace } from '../servers/cosmos/cosmos-server.ts'
import { connectionString } from './connection-string.ts'
import type { CosmosFeed, FeedPage, LeasedRange } from './cosmos-feed.ts'
import type { CosmosTriggerSettings } from './cosmos-trigger-settings.ts'
import type { Environment } from './function-metadata.ts'

export interface CosmosFeedOptions {
  readonly functionName: string
  readonly settings: CosmosTriggerSettings
  readonly environment: Environment
  /** What rings when a range has something for this function, where anybody can tell. */
  readonly changed?: (place: ChangedPlace) => Doorbell | undefined
}

/**
 * Connects, and prepares the leases: when it resolves, every change made from now on will be read.
 * @throws if the container or the lease container is missing, or the leases belong to another function.
 */
export async function openCosmosFeed(options: CosmosFeedOptions): Promise<CosmosFeed> {
  const { functionName, settings, environment, changed } = options
  const client = new CosmosClient(connectionString(functionName, settings.connection, environment))
  const leaseClient = settings.leaseConnection
    ? new CosmosClient(connectionString(functionName, settings.leaseConnection, environment))
    : client
  const close = () => {
    client.dispose()
    if (leaseClient !== client) leaseClient.dispose()
  }
  try {
    const container = client.database(settings.databaseName).container(settings.containerName)
    const leases = await openLeaseContainer(leaseClient, settings)
    const prefix = `${settings.leaseContainerPrefix}${settings.databaseName}_${settings.containerName}.`
    const ranges: ClientRange[] = []
    const feedRanges = await container.getFeedRanges()
    for (const token of await leaseTokens(feedRanges, leases, `${prefix}.info`)) {
      const feedRange = feedRanges.find(range => tokenOf(range) === token)
      const leaseId = `${prefix}.${token}`
      const doorbell = feedRange && changed?.(placeOf(settings, feedRange))
      const range = new ClientRange({
        container,
        leases,
        leaseId,
        token,
        feedRange,
        owner: functionName,
        settings,
        ...(doorbell && { doorbell }),
      })
      await range.claim()
      ranges.push(range)
    }
    return { ranges, close }
  } catch (error) {
    close()
    throw error
  }
}

async function openLeaseContainer(client: CosmosClient, settings: CosmosTriggerSettings): Promise<Container> {
  const { leaseContainerName: id, leaseDatabaseName = settings.databaseName } = settings
  const database = client.database(leaseDatabaseName)
  if (settings.createLeaseContainerIfNotExists) {
    // Several functions may start at once, and the client's own "if not exists" then fails for all but one.
    await ignoreConflict(database.containers.createIfNotExists({ id, partitionKey: { paths: ['/id'] } }))
    return database.container(id)
  }
  const container = database.container(id)
  await container.read().catch((error: unknown) => {
    if (codeOf(error) !== 404) throw error
    const name = `${leaseDatabaseName}/${id}`
    throw new Error(`lease container ${name} does not exist: create it, or set createLeaseContainerIfNotExists`)
  })
  return container
}

function placeOf({ databaseName, containerName }: CosmosTriggerSettings, range: FeedRange): ChangedPlace {
  return {
    database: databaseName,
    container: containerName,
    range: { min: range.minInclusive, max: range.maxExclusive },
  }
}

function tokenOf({ minInclusive, maxExclusive }: FeedRange): string {
  return `${minInclusive}-${maxExclusive}`
}

const infoSchema = z.object({ tokens: z.array(z.string()).min(1) })

/** The ranges of the first start, which it notes in a document of its own. */
async function leaseTokens(feedRanges: readonly FeedRange[], leases: Container, id: string): Promise<string[]> {
  await createOnce(leases, { id, tokens: feedRanges.map(tokenOf) })
  const { resource } = await leases.item(id, id).read()
  return infoSchema.parse(resource).tokens
}

/** Creates a document unless there is one: it then stays as it is. */
async function createOnce(leases: Container, document: Readonly<Record<string, unknown>>): Promise<void> {
  await ignoreConflict(leases.items.create(document))
}

async function ignoreConflict(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (codeOf(error) !== 409) throw error
  })
}

const leaseSchema = z.object({ _etag: z.string(), Owner: z.string(), ContinuationToken: z.string().nullable() })

interface ClientRangeOptions {
  readonly container: Container
  readonly leases: Container
  readonly leaseId: string
  readonly token: string
  /** The client's range; undefined once it was split, when the saved position says what to read. */
  readonly feedRange: FeedRange | undefined
  /** The function that reads this range. */
  readonly owner: string
  readonly settings: CosmosTriggerSettings
  readonly doorbell?: Doorbell
}

class ClientRange implements LeasedRange {
  readonly #options: ClientRangeOptions
  #etag = ''
  /** Reads on from `at` without the requests that a new iterator begins with. */
  #open: { readonly iterator: ChangeFeedPullModelIterator<unknown>; at: string | undefined } | undefined

  constructor(options: ClientRangeOptions) {
    this.#options = options
  }

  get token() {
    return this.#options.token
  }

  get doorbell() {
    return this.#options.doorbell
  }

  /**
   * Takes the lease or makes it. A function that starts "now" saves that position at once: with the cloud's host, what
   * is written between its start and its first batch is lost if it restarts in between.
   */
  async claim(): Promise<void> {
    const { leases, leaseId, owner, settings } = this.#options
    await createOnce(leases, this.#document(null))
    const lease = await this.#readLease()
    if (lease.Owner !== owner) {
      throw new Error(
        `lease ${leaseId} belongs to function ${lease.Owner}: give ${owner} a leaseContainerPrefix of its own`,
      )
    }
    const startsNow = !settings.startFromBeginning && !settings.startFromTime
    if (lease.ContinuationToken !== null || !startsNow) return
    const { items, position } = await this.readNext(undefined)
    if (items.length > 0) throw new Error(`the change feed of ${settings.containerName} does not start now`)
    await this.checkpoint(position)
  }

  async position(): Promise<string | undefined> {
    const { ContinuationToken } = await this.#readLease()
    return ContinuationToken ?? undefined
  }

  async readNext(position: string | undefined): Promise<FeedPage> {
    if (!this.#open || this.#open.at !== position) {
      this.#open = { iterator: this.#iterate(position), at: position }
    }
    const open = this.#open
    this.#open = undefined
    const { result, continuationToken } = await open.iterator.readNext()
    this.#open = { iterator: open.iterator, at: continuationToken }
    const items = result ?? []
    const { maxItemsPerInvocation } = this.#options.settings
    return { items, position: continuationToken, isFull: items.length >= maxItemsPerInvocation }
  }

  async checkpoint(position: string): Promise<void> {
    const { leases, leaseId } = this.#options
    const accessCondition = { type: 'IfMatch', condition: this.#etag }
    const { etag } = await leases.item(leaseId, leaseId).replace(this.#document(position), { accessCondition })
    this.#etag = etag
  }

  #document(position: string | null) {
    const { leaseId: id, token: LeaseToken, owner: Owner } = this.#options
    return { id, LeaseToken, Owner, ContinuationToken: position, timestamp: new Date().toISOString() }
  }

  async #readLease(): Promise<z.infer<typeof leaseSchema>> {
    const { leases, leaseId } = this.#options
    const { resource } = await leases.item(leaseId, leaseId).read()
    if (!resource) throw new Error(`lease ${leaseId} is gone`)
    const lease = leaseSchema.parse(resource)
    this.#etag = lease._etag
    return lease
  }

  #iterate(position: string | undefined): ChangeFeedPullModelIterator<unknown> {
    const { container, settings } = this.#options
    return container.items.getChangeFeedIterator({
      maxItemCount: settings.maxItemsPerInvocation,
      changeFeedMode:
        settings.changeFeedMode === 'AllVersionsAndDeletes'
          ? ChangeFeedMode.AllVersionsAndDeletes
          : ChangeFeedMode.LatestVersion,
      changeFeedStartFrom: position === undefined ? this.#start() : ChangeFeedStartFrom.Continuation(position),
    })
  }

  #start(): ChangeFeedStartFrom {
    const { feedRange, settings, token } = this.#options
    if (!feedRange) throw new Error(`feed range ${token} was split before its first checkpoint: delete its lease`)
    if (settings.startFromBeginning) return ChangeFeedStartFrom.Beginning(feedRange)
    if (settings.startFromTime) return ChangeFeedStartFrom.Time(new Date(settings.startFromTime), feedRange)
    return ChangeFeedStartFrom.Now(feedRange)
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
