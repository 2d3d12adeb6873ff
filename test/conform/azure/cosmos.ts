/**
 * Cosmos DB (API for NoSQL), as capture and ingest use it: etags, one transactional batch for record and document, reads
 * that are not stale, the change feed in both modes.
 *
 * Sources: https://learn.microsoft.com/azure/cosmos-db/concepts-limits and
 * https://learn.microsoft.com/azure/cosmos-db/nosql/change-feed-modes
 */
import { defineSuite } from '../behaviour.ts'
import { type CosmosTarget, openCosmos } from './cosmos-container.ts'
import { cosmosFeed } from './cosmos-feed.ts'
import { cosmosItems } from './cosmos-items.ts'
import { cosmosReads, sessionReads } from './cosmos-reads.ts'

export const cosmos = defineSuite<CosmosTarget>({
  service: 'cosmos',
  clients: ['@azure/cosmos'],
  creates: 'one Cosmos database with five containers of 400 RU/s for some minutes; about 0.05 USD, less if serverless',
  behaviours: [...cosmosItems, ...cosmosReads, ...cosmosFeed],
  prepare: openCosmos,
})

/** Beside the suite above: locally on a server of its own, because an account has one consistency. */
export const cosmosSession = defineSuite<CosmosTarget>({
  service: 'cosmos-session',
  clients: ['@azure/cosmos'],
  creates: 'one Cosmos database with a container of 400 RU/s, if the account is on session consistency; about 0.01 USD',
  behaviours: sessionReads,
  prepare: openCosmos,
})
