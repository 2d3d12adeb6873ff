/** The database account: what it promises of reads, and its databases. */
import { randomUUID } from 'node:crypto'
import type { Json } from '../../../../shared/document/json.ts'
import type { ConsistencyLevel } from './consistency-level.ts'
import { effectiveLevel, parseSessionToken, readsAreCurrent, sessionNotAvailable } from './consistency-level.ts'
import { Container } from './container.ts'
import type { ContainerDefinition } from './container-definition.ts'
import { assertDefinition } from './container-definition.ts'
import type { Request } from './http-exchange.ts'
import { headerOf } from './http-exchange.ts'
import { assertId } from './item-limits.ts'
import type { Partition } from './partition.ts'
import { PartitionView } from './partition-view.ts'
import { conflict, notFound } from './refusal.ts'
import { containerRid, databaseRid } from './resource-ids.ts'

export interface Database {
  readonly description: { readonly [name: string]: Json }
  readonly containers: Map<string, Container>
  readonly number: number
}

export class Account {
  readonly consistency: ConsistencyLevel
  /** How far a lagging replica is behind, in ms. */
  readonly #readLagMs: number
  readonly databases = new Map<string, Database>()
  /** Counts databases and containers: a deleted one's id never comes back. */
  #resourcesCreated = 0

  constructor(consistency: ConsistencyLevel, readLagMs: number) {
    this.consistency = consistency
    this.#readLagMs = readLagMs
  }

  /** Throws 404. */
  database(id: string): Database {
    const database = this.databases.get(id)
    if (!database) throw notFound(`database ${id}`)
    return database
  }

  /** Throws 404. */
  container(databaseId: string, id: string): Container {
    const container = this.database(databaseId).containers.get(id)
    if (!container) throw notFound(`container ${id}`)
    return container
  }

  /** Throws 400 or 409. */
  createDatabase(id: string, nowMs: number): Database {
    assertId(id)
    if (this.databases.has(id)) throw conflict(`Database ${id} already exists.`)
    const number = ++this.#resourcesCreated
    const _rid = databaseRid(number)
    const _ts = Math.floor(nowMs / 1000)
    const description = { id, _rid, _self: `dbs/${_rid}/`, _etag: `"${randomUUID()}"`, _ts, _colls: 'colls/' }
    const database = { description, containers: new Map(), number }
    this.databases.set(id, database)
    return database
  }

  /** Throws 400 or 409. */
  createContainer(database: Database, definition: ContainerDefinition, nowMs: number): Container {
    assertDefinition(definition)
    if (database.containers.has(definition.id)) throw conflict(`Container ${definition.id} already exists.`)
    const rid = containerRid(database.number, ++this.#resourcesCreated)
    const container = new Container(definition, rid, String(database.description._self), nowMs)
    database.containers.set(definition.id, container)
    return container
  }

  /**
   * What a read of a partition gets to see. Lagging reads always lag by the whole lag, so that what can go wrong in
   * the cloud now and then goes wrong here every time. Throws 400, or 404 for a session token from the future.
   */
  view(partition: Partition, request: Request, nowMs: number): PartitionView {
    return new PartitionView(partition, this.#visibleLsn(partition, request, nowMs))
  }

  #visibleLsn(partition: Partition, request: Request, nowMs: number): number {
    const level = effectiveLevel(this.consistency, headerOf(request, 'x-ms-consistency-level'))
    if (readsAreCurrent(level)) return partition.lsn
    const lagging = partition.lsnBefore(nowMs - this.#readLagMs)
    const token = headerOf(request, 'x-ms-session-token')
    if (level !== 'Session' || token === undefined) return lagging
    const seen = parseSessionToken(token).get(partition.id) ?? 0
    if (seen > partition.lsn) throw sessionNotAvailable()
    return Math.max(lagging, seen)
  }

  /** The account's document; clients take the addresses of its regions from it. */
  describe(endpoint: string): Json {
    const locations = [{ name: 'Local', databaseAccountEndpoint: endpoint }]
    return {
      id: 'local',
      _self: '',
      _rid: 'local',
      _dbs: '//dbs/',
      media: '//media/',
      addresses: '//addresses/',
      writableLocations: locations,
      readableLocations: locations,
      enableMultipleWriteLocations: false,
      userConsistencyPolicy: { defaultConsistencyLevel: this.consistency },
      queryEngineConfiguration: '{}',
    }
  }
}
