/** Preflight of a Google Cloud site, against Firestore and Pub/Sub; what only a project tells from its documented answers. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineSync, register } from '../../shared/declare/index.ts'
import { siteOf } from '../../shared/declare/sync-plan.ts'
import { type GcpAccess, openGcp } from '../../tools/accounts/gcp-access.ts'
import { startFirestoreServer } from '../../tools/local/servers/firestore/server.ts'
import { startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'
import { checkGcpSite } from '../../tools/preflight/check-gcp-site.ts'
import { commandWith, findingsOf } from './preflight.ts'

const site = 'gcp-us-central1'
const plan = defineSync({
  sites: { [site]: { cloud: 'gcp', region: 'us-central1' }, other: { cloud: 'aws', region: 'us-east-1' } },
  data: { sessions: { key: ['id'], merge: register(), expires: 'expires_at' } },
})

let access: GcpAccess
let stop: () => Promise<unknown>

beforeAll(async () => {
  const [firestore, pubsub] = await Promise.all([startFirestoreServer(), startPubSubServer()])
  stop = () => Promise.all([firestore.stop(), pubsub.stop()])
  const endpoints = { firestore: firestore.host, pubsub: pubsub.host }
  const local = { cloud: 'gcp', region: 'us-central1', project: 'local', endpoints, data: {} } as const
  const opened = await openGcp({ local, variables: {}, environment: {} })
  if (!opened) throw new Error('no access')
  access = opened
})

afterAll(async () => {
  await access?.close()
  await stop?.()
})

async function check(answers: Readonly<Record<string, unknown>>, variables: Readonly<Record<string, string>> = {}) {
  const asked = { ...access, isLocal: false, command: commandWith(answers) }
  return findingsOf(checkGcpSite(asked, plan, siteOf(plan, site), variables))
}

it('without credentials asks nothing, for the clients would end the process', async () => {
  const asked = checkGcpSite({ ...access, noCredentials: 'none here' }, plan, siteOf(plan, site), {})
  expect(await Array.fromAsync(asked)).toMatchObject([{ outcome: 'refused', place: 'account', check: 'credentials' }])
})

/** https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases */
const database = (over: object = {}) => ({
  'firestore databases describe': {
    name: 'projects/local/databases/(default)',
    type: 'FIRESTORE_NATIVE',
    locationId: 'us-central1',
    pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
    ...over,
  },
})
const exists = { firestore_database_exists: 'true' }

const labels = { product: 'tributary', site }
const deployed = {
  'functions list': [{ name: 'projects/local/locations/us-central1/functions/tributary-capture', labels }],
}
const removed = { 'functions list': [] }
const ourKey = 'projects/local/locations/us-central1/keyRings/tributary/cryptoKeys/tributary-data'

describe('the database', () => {
  it('in Native mode, where the site is, is in order once the deployment is told of it', async () => {
    const found = await check(database(), exists)
    for (const checked of ['database', 'mode', 'location', 'recovery']) {
      expect(found('Firestore (default)', checked)?.outcome).toBe('ok')
    }
    expect((await check(database()))('Firestore (default)', 'database')).toMatchObject({
      outcome: 'refused',
      remedy: expect.stringContaining('firestore_database_exists = true'),
    })
  })

  it('in Datastore mode, or in another place, is refused', async () => {
    const datastore = await check(database({ type: 'DATASTORE_MODE' }), exists)
    expect(datastore('Firestore (default)', 'mode')?.outcome).toBe('refused')
    const elsewhere = await check(database({ locationId: 'nam5' }), exists)
    expect(elsewhere('Firestore (default)', 'location')?.outcome).toBe('refused')
  })

  it('that is not there yet is made, unless the deployment is told that it is there', async () => {
    expect((await check({}))('Firestore (default)', 'database')?.outcome).toBe('ok')
    expect((await check({}, exists))('Firestore (default)', 'database')?.outcome).toBe('refused')
  })

  it('that stayed from a removed site is refused with the ways to take it over', async () => {
    const ours = database({ cmekConfig: { kmsKeyName: ourKey } })
    const found = async (answers: object, variables = {}) =>
      (await check({ ...ours, ...answers }, variables))('Firestore (default)', 'database')
    expect(await found(deployed)).toMatchObject({ outcome: 'ok', found: 'ours' })
    expect(await found(removed)).toMatchObject({
      outcome: 'refused',
      remedy: expect.stringContaining("terraform import 'google_firestore_database.default[0]'"),
    })
    expect((await found(removed, exists))?.outcome).toBe('ok')
    // Whether functions are there is not told.
    expect((await found({ 'functions list': 'no list' }))?.outcome).toBe('unknown')
  })

  it('with a daily backup of its own is refused, as it takes one schedule only, unless it is ours', async () => {
    const schedules = { 'firestore backups schedules list': [{ name: 'x', dailyRecurrence: {}, retention: '604800s' }] }
    const daily = async (answers: object) =>
      (await check({ ...answers }))('Firestore (default)', 'daily backup')?.outcome
    expect(await daily({ ...schedules, ...removed })).toBe('refused')
    expect(await daily({ ...schedules, ...deployed })).toBe('ok')
    expect(await daily({ ...schedules, 'functions list': 'no list' })).toBe('unknown')
    expect(
      await daily({ 'firestore backups schedules list': [{ name: 'x', weeklyRecurrence: { day: 'MONDAY' } }] }),
    ).toBe('ok')
  })

  it('whose collection expires by another field is refused', async () => {
    const fields = (...names: readonly string[]) => ({
      'firestore fields ttls list --collection-group=sessions': names.map(name => ({
        name: `projects/local/databases/(default)/collectionGroups/sessions/fields/${name}`,
        ttlConfig: { state: 'ACTIVE' },
      })),
    })
    const ttl = async (answers: object, ...names: readonly string[]) =>
      (await check({ ...fields(...names), ...answers }))('collection sessions', 'time to live')
    expect((await ttl(removed))?.outcome).toBe('ok')
    expect((await ttl(deployed, 'expires_at'))?.outcome).toBe('ok')
    expect((await ttl(deployed, 'gone_at'))?.outcome).toBe('refused')
    // It was there before Tributary, and would go with it.
    expect(await ttl(removed, 'expires_at')).toMatchObject({
      outcome: 'warning',
      remedy: expect.stringContaining('terraform state rm'),
    })
  })
})

describe('the project', () => {
  it('without the services that must be there first is refused', async () => {
    const services = (...names: readonly string[]) => ({
      'services list': names.map(name => ({ config: { name: `${name}.googleapis.com` }, state: 'ENABLED' })),
    })
    const found = async (...names: readonly string[]) => (await check(services(...names)))('account', 'services')
    expect(await found('firestore', 'pubsub')).toMatchObject({
      outcome: 'refused',
      found: expect.stringContaining('cloudkms'),
    })
    const first = ['firestore', 'pubsub', 'cloudkms', 'storage', 'eventarc', 'cloudresourcemanager']
    expect(await found(...first)).toMatchObject({ outcome: 'ok', found: expect.stringContaining('cloudscheduler') })
    const docs = readFileSync(new URL('../../docs/deploy-gcp.md', import.meta.url), 'utf8')
    for (const service of first) {
      expect(docs).toContain(`${service}.googleapis.com`)
      expect(await found(...first.filter(name => name !== service))).toMatchObject({
        outcome: 'refused',
        found: expect.stringContaining(service),
      })
    }
  })

  it('with a topic or a function of somebody else is refused', async () => {
    await access.pubsub.createTopic({ name: 'tributary-changes', labels: { team: 'other' } })
    await access.pubsub.createTopic({ name: 'tributary-dead-letters', labels: { product: 'tributary', site } })
    const found = await check({
      'functions list': [{ name: 'projects/local/locations/us-central1/functions/tributary-capture', labels: {} }],
    })
    expect(found('topic tributary-changes', 'name')?.outcome).toBe('refused')
    expect(found('topic tributary-dead-letters', 'name')).toMatchObject({ outcome: 'ok', found: 'ours' })
    expect(found('subscription tributary-forward-other', 'name')?.outcome).toBe('ok')
    expect(found('function tributary-capture', 'name')?.outcome).toBe('refused')
    expect(found('function tributary-ingest', 'name')?.outcome).toBe('ok')
  })

  it('with the key ring of a removed site says how to take it over', async () => {
    const ring = { 'kms keyrings describe tributary --location=us-central1': {} }
    const found = async (answers: object) => (await check({ ...ring, ...answers }))('key ring tributary', 'name')
    expect(await found(removed)).toMatchObject({
      outcome: 'warning',
      remedy: expect.stringContaining('terraform import'),
    })
    expect((await found(deployed))?.outcome).toBe('ok')
    expect((await found({ 'functions list': 'no list' }))?.outcome).toBe('unknown')
  })

  it('whose events are under another key is warned of: it would be replaced, and not come back by itself', async () => {
    const channel = async (cryptoKeyName?: string) =>
      (
        await check({
          'eventarc google-channels describe --location=us-central1': {
            name: 'projects/local/locations/us-central1/googleChannelConfig',
            ...(cryptoKeyName === undefined ? {} : { cryptoKeyName }),
          },
        })
      )('Eventarc', 'key')
    const theirs = ourKey.replace('tributary/', 'shop/')
    expect(await channel(theirs)).toMatchObject({
      outcome: 'warning',
      remedy: expect.stringContaining(`--crypto-key=${theirs}`),
    })
    expect((await channel(ourKey))?.outcome).toBe('ok')
    expect((await channel())?.outcome).toBe('ok')
  })

  it('that is not named is refused', async () => {
    const found = await findingsOf(checkGcpSite(undefined, plan, siteOf(plan, site), {}))
    expect(found('account', 'project')?.outcome).toBe('refused')
  })

  it('of the local clouds is asked as far as they answer', async () => {
    const found = await findingsOf(checkGcpSite(access, plan, siteOf(plan, site), {}))
    expect(found('account', 'credentials')?.outcome).toBe('ok')
    expect(found('Firestore (default)', 'mode')?.outcome).toBe('unknown')
    expect(found('topic tributary-changes', 'name')?.found).toBe('made by the local clouds')
  })
})
