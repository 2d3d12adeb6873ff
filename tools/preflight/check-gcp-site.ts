/** The project of a Google Cloud site against the plan. Asks only; changes nothing. */
import { z } from 'zod'
import { services } from '../../infra/gcp/services.ts'
import { changesName, deadLettersName, forwardName, functionName } from '../../shared/declare/resource-names.ts'
import { peersOf, type SitePlan, type SyncPlan, typesAt } from '../../shared/declare/sync-plan.ts'
import type { DeploymentVariables } from '../accounts/deployment-variables.ts'
import { type GcpAccess, signInToGcp } from '../accounts/gcp-access.ts'
import { reasonOf, type Told, told } from '../accounts/told.ts'
import { findingsAt, type SiteFinding } from './finding.ts'
import { checkBackupSchedule, checkDatabase, checkExpiries, readDatabase, type Standing } from './gcp-database.ts'

export async function* checkGcpSite(
  access: GcpAccess | undefined,
  plan: SyncPlan,
  site: SitePlan,
  variables: DeploymentVariables,
): AsyncGenerator<SiteFinding> {
  const say = findingsAt('account')
  if (!access) {
    return yield say.refused(
      'project',
      'not named',
      `give --var project=PROJECT, or set GOOGLE_CLOUD_PROJECT (${signInToGcp})`,
    )
  }
  if (access.noCredentials !== undefined) {
    return yield say.refused('credentials', `${access.project} cannot be asked: ${access.noCredentials}`, signInToGcp)
  }
  const read = await readDatabase(access)
  if (read.is === 'unknown' && /credential|ENOTFOUND|UNAUTHENTICATED/i.test(read.reason)) {
    return yield say.refused(
      'credentials',
      `Firestore of ${access.project} cannot be asked: ${read.reason}`,
      signInToGcp,
    )
  }
  yield read.is === 'unknown'
    ? say.unknown('credentials', read.reason)
    : say.ok('credentials', `${access.project} answers`)
  yield* checkServices(access)
  const made = await madeFunctions(access, site)
  const standing = standingOf(made, site)
  yield* checkDatabase(access, { site, variables, read, standing })
  yield* checkExpiries(access, typesAt(plan, site.id), standing)
  yield* checkBusNames(access, plan, site)
  if (access.isLocal) return
  yield* checkOtherNames(access, plan, site, made)
  yield* checkBackupSchedule(access, standing)
  yield await keyRingFinding(access, site, standing)
  yield await eventsKeyFinding(access, site, standing)
}

/**
 * Those that must be there before Terraform runs: the one by which it looks the project up before it enables anything, and
 * those whose service accounts are given the key.
 */
const neededBefore = ['cloudresourcemanager', 'cloudkms', 'eventarc', 'firestore', 'pubsub', 'storage']

async function* checkServices({ command, project }: GcpAccess): AsyncGenerator<SiteFinding> {
  const say = findingsAt('account')
  const shape = z.array(z.object({ config: z.object({ name: z.string() }) }))
  const asked = await command(['services', 'list', '--enabled'], shape)
  if (asked.is !== 'there') return yield say.unknown('services', reasonOf(asked))
  const enabled = new Set(asked.value.map(({ config }) => config.name.replace('.googleapis.com', '')))
  const first = neededBefore.filter(name => !enabled.has(name))
  if (first.length > 0) {
    return yield say.refused(
      'services',
      `not enabled: ${first.join(', ')}, without which Terraform cannot look the project up or give the key to its services`,
      `gcloud services enable ${first.map(name => `${name}.googleapis.com`).join(' ')} --project ${project}; then docs/deploy-gcp.md`,
    )
  }
  const later = services.filter(name => !enabled.has(name))
  yield say.ok('services', later.length === 0 ? 'all enabled' : `will be enabled: ${later.join(', ')}`)
}

type Labels = Readonly<Record<string, string>>
const labelled = z.object({ labels: z.record(z.string(), z.string()).nullish() })

function isOurs(labels: Labels | undefined, { id }: SitePlan): boolean {
  return labels?.product === 'tributary' && labels.site === id
}

function nameFinding(place: string, found: Told<Labels>, site: SitePlan, isLocal: boolean): SiteFinding {
  const say = findingsAt(place)
  if (found.is === 'missing') return say.ok('name', 'free: will be made')
  if (found.is === 'unknown') return say.unknown('name', found.reason)
  if (isLocal) return say.ok('name', 'made by the local clouds')
  if (isOurs(found.value, site)) return say.ok('name', 'ours')
  return say.refused(
    'name',
    found.value.product === 'tributary' ? `taken by site ${found.value.site}` : 'taken by something that is not ours',
    'one project for each site: take another project, or remove what is there',
  )
}

async function* checkBusNames(access: GcpAccess, plan: SyncPlan, site: SitePlan): AsyncGenerator<SiteFinding> {
  const { pubsub, isLocal } = access
  for (const name of [changesName, deadLettersName]) {
    const found = await told(async () => (await pubsub.topic(name).getMetadata())[0].labels ?? {})
    yield nameFinding(`topic ${name}`, found, site, isLocal)
  }
  const peers = peersOf(plan, site.id).map(({ id }) => forwardName(id))
  for (const name of [...peers, deadLettersName]) {
    const found = await told(async () => (await pubsub.subscription(name).getMetadata())[0].labels ?? {})
    yield nameFinding(`subscription ${name}`, found, site, isLocal)
  }
}

type Functions = ReadonlyMap<string, Labels>

/** By name, those of the site's region. */
function madeFunctions({ command }: GcpAccess, { region }: SitePlan): Promise<Told<Functions>> {
  const shape = z
    .array(labelled.extend({ name: z.string() }))
    .transform(all => new Map(all.map(({ name, labels }) => [name.split('/').at(-1) ?? '', labels ?? {}])))
  return command(['functions', 'list', `--regions=${region}`], shape)
}

/** By its capture: what else there is may have stayed from a removed site. */
function standingOf(made: Told<Functions>, site: SitePlan): Standing {
  if (made.is !== 'there') return 'unknown'
  return isOurs(made.value.get(functionName('capture')), site) ? 'ours' : 'not ours'
}

async function* checkOtherNames(
  { command, project }: GcpAccess,
  plan: SyncPlan,
  site: SitePlan,
  made: Told<Functions>,
): AsyncGenerator<SiteFinding> {
  const functions = [
    functionName('capture'),
    functionName('publish'),
    ...peersOf(plan, site.id).map(({ id }) => forwardName(id)),
    functionName('ingest'),
    functionName('prune'),
  ]
  for (const name of functions) {
    const labels = made.is === 'there' ? made.value.get(name) : undefined
    const found: Told<Labels> =
      made.is === 'there' ? (labels ? { is: 'there', value: labels } : { is: 'missing' }) : made
    yield nameFinding(`function ${name}`, found, site, false)
  }
  const bucket = `${project}-tributary-functions`
  const described = await command(
    ['storage', 'buckets', 'describe', `gs://${bucket}`],
    labelled.transform(({ labels }) => labels ?? {}),
  )
  yield nameFinding(`bucket ${bucket}`, described, site, false)
}

/** A ring can never be deleted, so one is left by every removal. */
async function keyRingFinding({ command, project }: GcpAccess, { region }: SitePlan, standing: Standing) {
  const say = findingsAt('key ring tributary')
  const found = await command(['kms', 'keyrings', 'describe', 'tributary', `--location=${region}`], z.unknown())
  if (found.is === 'missing') return say.ok('name', 'free: will be made')
  if (found.is === 'unknown') return say.unknown('name', found.reason)
  if (standing === 'ours') return say.ok('name', 'is there, as the functions are')
  if (standing === 'unknown') return say.unknown('name', 'is there; whether the functions are is not told')
  const ring = `projects/${project}/locations/${region}/keyRings/tributary`
  return say.warning(
    'name',
    'is there, and no function is: it stayed from a removed site, as rings and keys always do',
    `take them over before terraform apply: terraform import google_kms_key_ring.tributary ${ring} && ` +
      `terraform import google_kms_crypto_key.data ${ring}/cryptoKeys/tributary-data; and declare a root key of another name`,
  )
}

const channel = z.object({ cryptoKeyName: z.string().default('') })

/** The key under which Eventarc keeps the events of a project and region: one, whoever's triggers they are for. */
async function eventsKeyFinding({ command }: GcpAccess, { region }: SitePlan, standing: Standing) {
  const say = findingsAt('Eventarc')
  const found = await command(['eventarc', 'google-channels', 'describe', `--location=${region}`], channel)
  if (found.is === 'unknown') return say.unknown('key', found.reason)
  const key = found.is === 'there' ? found.value.cryptoKeyName : ''
  if (key === '') return say.ok('key', standing === 'ours' ? 'none: deploy again' : 'none: will be tributary-data')
  if (key.endsWith('/keyRings/tributary/cryptoKeys/tributary-data')) return say.ok('key', 'tributary-data')
  return say.warning(
    'key',
    `events in ${region} are under ${key}: they will be under tributary-data instead, those of your own triggers, too`,
    `note it: gcloud eventarc google-channels update --location=${region} --crypto-key=${key} puts it back when the site is removed`,
  )
}
