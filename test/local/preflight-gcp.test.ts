/** Preflight of a Google Cloud site, against Firestore and Pub/Sub; what only a project tells from its documented answers. */
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

  it('that is not there yet is made', async () => {
    expect((await check({}))('Firestore (default)', 'database')?.outcome).toBe('ok')
  })

  it('with a daily backup of its own is refused, as it takes one schedule only, unless it is ours', async () => {
    const schedules = { 'firestore backups schedules list': [{ name: 'x', dailyRecurrence: {}, retention: '604800s' }] }
    const mine = { 'functions list': [{ name: 'projects/local/functions/tributary-capture', labels: {} }] }
    const daily = async (answers: object) =>
      (await check({ ...answers }))('Firestore (default)', 'daily backup')?.outcome
    expect(await daily(schedules)).toBe('refused')
    expect(await daily({ ...schedules, ...mine })).toBe('ok')
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
    const ttl = async (...names: readonly string[]) =>
      (await check(fields(...names)))('collection sessions', 'time to live')
    expect((await ttl())?.outcome).toBe('ok')
    expect((await ttl('expires_at'))?.outcome).toBe('ok')
    expect((await ttl('gone_at'))?.outcome).toBe('refused')
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
    expect(await found('firestore', 'pubsub', 'cloudkms', 'storage', 'eventarc')).toMatchObject({
      outcome: 'ok',
      found: expect.stringContaining('cloudscheduler'),
    })
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
    const found = await check({ 'kms keyrings describe tributary --location=us-central1': {}, 'functions list': [] })
    expect(found('key ring tributary', 'name')).toMatchObject({
      outcome: 'warning',
      remedy: expect.stringContaining('terraform import'),
    })
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
