/**
 * Documents that expire, on the three local clouds with official clients. DynamoDB Local and the Cosmos server remove
 * them by themselves, the first within about ten seconds. The Firestore server has no TTL policies: a client's deletion
 * stands in, since a policy's looks the same to the trigger.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CosmosClient } from '@azure/cosmos'
import { type Firestore, Timestamp } from '@google-cloud/firestore'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCosmos } from '../../tools/local/official-clients/azure-client.ts'
import { openFirestore } from '../../tools/local/official-clients/gcp-client.ts'
import { readEndpoints } from '../../tools/local/official-clients/open-clients.ts'
import type { TestClouds } from './running-clouds.ts'
import { decidedClouds } from './shared-clouds.ts'

type Session = {
  readonly user: string
  /** Seconds since 1970. */
  readonly expires_at: number
}

/** An application's sessions at one site, with the time of their expiry as this store wants it. */
interface Sessions {
  readonly site: string
  put(id: string, session: Session): Promise<unknown>
  read(id: string): Promise<Session | undefined>
  remove(id: string): Promise<unknown>
}

let running: TestClouds
let firestore: Firestore
let cosmos: CosmosClient
let aws: Sessions
let gcp: Sessions
let azure: Sessions
let all: readonly Sessions[]

beforeAll(async () => {
  running = await decidedClouds()
  const sites = await readEndpoints(join(running.folder, 'endpoints.json'))
  const [awsAt, gcpAt, azureAt] = [sites['aws-us-east-1'], sites['gcp-us-central1'], sites['azure-eastus']]
  if (!awsAt || !gcpAt || !azureAt) throw new Error('three sites')
  firestore = openFirestore(gcpAt)
  cosmos = openCosmos(azureAt)
  aws = awsSessions()
  gcp = gcpSessions()
  azure = azureSessions()
  all = [aws, gcp, azure]
})
afterAll(async () => {
  await firestore?.terminate()
  cosmos?.dispose()
})

/** The table's TTL attribute holds the seconds themselves. */
function awsSessions(): Sessions {
  const client = running.clients.find(({ site }) => site === 'aws-us-east-1')
  if (!client) throw new Error('no client for aws-us-east-1')
  return {
    site: client.site,
    put: (id, session) => client.put('sessions', { session_id: id, ...session }),
    read: async id => sessionOf(await client.read('sessions', [id])),
    remove: id => client.remove('sessions', [id]),
  }
}

/** A TTL policy wants a timestamp. */
function gcpSessions(): Sessions {
  const at = (id: string) => firestore.collection('sessions').doc(id)
  return {
    site: 'gcp-us-central1',
    put: (id, { user, expires_at }) => at(id).set({ user, expires_at: Timestamp.fromMillis(expires_at * 1000) }),
    read: async id => {
      const { user, expires_at } = (await at(id).get()).data() ?? {}
      return sessionOf({ user, expires_at: expires_at instanceof Timestamp ? expires_at.seconds : undefined })
    },
    remove: id => at(id).delete(),
  }
}

/** The item says in `ttl` for how long it lives. */
function azureSessions(): Sessions {
  const container = cosmos.database('tributary').container('sessions')
  return {
    site: 'azure-eastus',
    put: (id, session) =>
      container.items.upsert({ id, session_id: id, ...session, ttl: Math.max(1, session.expires_at - nowS()) }),
    read: async id => sessionOf((await container.item(id, id).read()).resource),
    remove: id => container.item(id, id).delete(),
  }
}

function sessionOf(found: object | undefined): Session | undefined {
  const { user, expires_at }: { user?: unknown; expires_at?: unknown } = found ?? {}
  return typeof user === 'string' && typeof expires_at === 'number' ? { user, expires_at } : undefined
}

/** Enough for a session to be everywhere before it expires, on a busy machine too. */
const aMomentS = 5

const nowS = () => Math.floor(Date.now() / 1000)

/** What each of these sites shows, once all do; or after half a minute what they show then. */
async function shown(id: string, sites: readonly Sessions[], expected: Session | undefined): Promise<unknown> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const sessions = await Promise.all(sites.map(({ read }) => read(id)))
    const isThere = sessions.every(session => JSON.stringify(session) === JSON.stringify(expected))
    if (isThere || Date.now() > deadline) return sessions
    await sleep(50)
  }
}

const everywhere = async (id: string, expected: Session | undefined, sites = all) =>
  expect(await shown(id, sites, expected)).toEqual(sites.map(() => expected))

/** What a site has seen of a session: a capture would count one more. */
const seen = async (id: string) =>
  Promise.all(
    all.map(async ({ site }) => {
      const answer: unknown = await running.clouds.ask(site, { ask: 'record', type: 'sessions', key: [id] })
      return Object(answer).vector
    }),
  )

test('a deletion before the expiry travels, from every store', async () => {
  const later = { user: 'ada', expires_at: nowS() + 3600 }
  for (const [index, deleter] of all.entries()) {
    await all[(index + 1) % all.length]?.put(`s3-${index}`, later)
    await everywhere(`s3-${index}`, later)
    await deleter.remove(`s3-${index}`)
    await everywhere(`s3-${index}`, undefined)
  }
})

test('what a store removes disappears at each site by its own store, travels nowhere and comes back nowhere', async () => {
  const soon = { user: 'ada', expires_at: nowS() + aMomentS }
  await aws.put('s1', soon)
  await everywhere('s1', soon)
  const before = await seen('s1')
  await everywhere('s1', undefined, [aws, azure])
  await running.atRest()
  // Its store is late: this document is as good as gone, but nobody deleted it.
  expect(await gcp.read('s1')).toEqual(soon)
  expect(await seen('s1')).toEqual(before)

  const written = { ...soon, user: 'eve' }
  await gcp.put('s1', written)
  await expect.poll(() => seen('s1'), { timeout: 20_000 }).not.toEqual(before)
  await running.atRest()
  expect(await Promise.all(all.map(({ read }) => read('s1')))).toEqual([undefined, written, undefined])

  const known = await seen('s1')
  await gcp.remove('s1')
  await sleep(1000)
  await running.atRest()
  await everywhere('s1', undefined)
  expect(await seen('s1')).toEqual(known)
})

test('what is prolonged at one site while the stores of the others remove it lives everywhere', async () => {
  const soon = { user: 'ada', expires_at: nowS() + aMomentS }
  await azure.put('s2', soon)
  await everywhere('s2', soon)
  const prolonged = { user: 'ada', expires_at: nowS() + 3600 }
  await running.apart(async () => {
    await gcp.put('s2', prolonged)
    await everywhere('s2', undefined, [aws, azure])
  })
  await everywhere('s2', prolonged)
  const { resource } = await cosmos.database('tributary').container('sessions').item('s2', 's2').read()
  expect(resource.ttl).toBeGreaterThan(3500)
  await running.atRest()
  await everywhere('s2', prolonged)
})
