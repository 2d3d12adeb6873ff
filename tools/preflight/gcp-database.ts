/** The Firestore database of a project: is it one that Tributary can use, and whose expiries does it know? */
import { z } from 'zod'
import { syncStoreName } from '../../shared/declare/resource-names.ts'
import type { SitePlan, TypePlan } from '../../shared/declare/sync-plan.ts'
import type { DeploymentVariables } from '../accounts/deployment-variables.ts'
import type { GcpAccess } from '../accounts/gcp-access.ts'
import { type Told, told } from '../accounts/told.ts'
import { findingsAt, type SiteFinding } from './finding.ts'

/** As `databases describe` prints it (https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases). */
const database = z.object({
  type: z.string(),
  locationId: z.string(),
  pointInTimeRecoveryEnablement: z.string().default('POINT_IN_TIME_RECOVERY_DISABLED'),
  deleteProtectionState: z.string().default('DELETE_PROTECTION_DISABLED'),
  cmekConfig: z.object({ kmsKeyName: z.string() }).partial().optional(),
})
type Database = z.output<typeof database>

const name = '(default)'

/** A read answers, if only that there is no such document. */
export function readDatabase({ firestore }: GcpAccess): Promise<Told<unknown>> {
  return told(() => firestore.collection(syncStoreName).doc('preflight').get())
}

/** Was this site deployed in the project before? */
export type Standing = 'ours' | 'not ours' | 'unknown'

interface DatabaseAsked {
  readonly site: SitePlan
  readonly variables: DeploymentVariables
  /** Of `readDatabase`. */
  readonly read: Told<unknown>
  readonly standing: Standing
}

export async function* checkDatabase(
  access: GcpAccess,
  { site, variables, read, standing }: DatabaseAsked,
): AsyncGenerator<SiteFinding> {
  const say = findingsAt(`Firestore ${name}`)
  const isDeclared = variables.firestore_database_exists === 'true'
  const described = await access.command(['firestore', 'databases', 'describe', `--database=${name}`], database)
  if (described.is === 'missing') {
    return yield isDeclared
      ? say.refused(
          'database',
          'is not there, and the deployment is told that it is',
          'take firestore_database_exists out of terraform.tfvars: then it is made; or make it yourself, in Native mode',
        )
      : say.ok('database', 'free: will be made in Native mode')
  }
  if (described.is === 'unknown') {
    yield read.is === 'there' ? say.ok('database', 'is there') : say.unknown('database', described.reason)
    for (const check of ['mode', 'location', 'recovery']) yield say.unknown(check, described.reason)
    return
  }
  yield* checkSettings(described.value, site)
  const isMade = described.value.cmekConfig?.kmsKeyName?.includes('/keyRings/tributary/') ?? false
  yield databaseFinding(access.project, { isMade, isDeclared, standing })
}

interface DatabaseFound {
  /** By Tributary: its key says so. */
  readonly isMade: boolean
  readonly isDeclared: boolean
  readonly standing: Standing
}

function databaseFinding(project: string, { isMade, isDeclared, standing }: DatabaseFound): SiteFinding {
  const say = findingsAt(`Firestore ${name}`)
  if (isDeclared) return say.ok('database', 'is there, and stays as it is')
  if (isMade && standing === 'ours') return say.ok('database', 'ours')
  if (isMade && standing === 'unknown') {
    return say.unknown('database', 'made by Tributary; whether the site is still deployed is not told')
  }
  if (isMade) {
    return say.refused(
      'database',
      'is there already, and no capture: it stayed from a removed site, or a deployment broke off',
      `if terraform state list has it, apply again; otherwise terraform import 'google_firestore_database.default[0]' projects/${project}/databases/${name}; or firestore_database_exists = true in terraform.tfvars: it is then used as it is`,
    )
  }
  return say.refused(
    'database',
    'is there already: making it would be refused',
    'firestore_database_exists = true in terraform.tfvars: it is then used as it is',
  )
}

function* checkSettings(
  { type, locationId, pointInTimeRecoveryEnablement }: Database,
  { region }: SitePlan,
): Generator<SiteFinding> {
  const say = findingsAt(`Firestore ${name}`)
  yield type === 'FIRESTORE_NATIVE'
    ? say.ok('mode', 'Native')
    : say.refused(
        'mode',
        `is ${type}: it has no document triggers`,
        'gcloud firestore databases update --type=firestore-native while it is empty; otherwise another project',
      )
  yield locationId === region
    ? say.ok('location', locationId)
    : say.refused(
        'location',
        `lies in ${locationId}; the site is declared in ${region}, and a database's events are told where it lies`,
        'a database never moves: declare the region in which it lies, or take another project',
      )
  yield pointInTimeRecoveryEnablement === 'POINT_IN_TIME_RECOVERY_ENABLED'
    ? say.ok('recovery', 'point in time')
    : say.warning(
        'recovery',
        'no point-in-time recovery: what an application deletes by mistake is deleted at every site',
        `gcloud firestore databases update --database='${name}' --enable-pitr`,
      )
}

const schedules = z.array(z.object({ dailyRecurrence: z.unknown().optional() }))

/** A database has one daily schedule. Of a site that is deployed it is ours. */
export async function* checkBackupSchedule({ command }: GcpAccess, standing: Standing): AsyncGenerator<SiteFinding> {
  const say = findingsAt(`Firestore ${name}`)
  const asked = await command(['firestore', 'backups', 'schedules', 'list', `--database=${name}`], schedules)
  if (asked.is === 'unknown') return yield say.unknown('daily backup', asked.reason)
  const hasDaily = asked.is === 'there' && asked.value.some(schedule => schedule.dailyRecurrence !== undefined)
  if (hasDaily && standing === 'unknown') {
    return yield say.unknown('daily backup', 'is there; whether the site is deployed, and it is ours, is not told')
  }
  yield !hasDaily || standing === 'ours'
    ? say.ok('daily backup', hasDaily ? 'is there' : 'will be made')
    : say.refused(
        'daily backup',
        'the database has a schedule for one already, and takes one only',
        `keep it: terraform import google_firestore_backup_schedule.daily NAME, with NAME of: gcloud firestore backups schedules list --database='${name}'`,
      )
}

const fields = z.array(z.object({ name: z.string(), ttlConfig: z.object({ state: z.string() }).partial().optional() }))

/** Of each collection that a type with an expiry lies in. */
export async function* checkExpiries(
  { command }: GcpAccess,
  types: readonly TypePlan[],
  standing: Standing,
): AsyncGenerator<SiteFinding> {
  const declared = new Map(
    types.flatMap(({ at, expires }) =>
      expires === undefined ? [] : [[at.gcp.collection.split('/').at(-1) ?? '', expires] as const],
    ),
  )
  for (const [collection, expires] of declared) {
    const say = findingsAt(`collection ${collection}`)
    const asked = await command(['firestore', 'fields', 'ttls', 'list', `--collection-group=${collection}`], fields)
    if (asked.is === 'unknown') {
      yield say.unknown('time to live', asked.reason)
      continue
    }
    const found = asked.is === 'there' ? asked.value.map(field => field.name.split('/fields/')[1] ?? '') : []
    const [other] = found.filter(field => field !== expires)
    if (other !== undefined) {
      yield say.refused(
        'time to live',
        `is '${other}'; declared is '${expires}', and a collection has one`,
        `declare expires: '${other}', or end the other policy: gcloud firestore fields ttls update ${other} --collection-group=${collection} --disable-ttl`,
      )
    } else if (found.length === 0) yield say.ok('time to live', `none: a policy on '${expires}' will be made`)
    else if (standing === 'ours') yield say.ok('time to live', `by '${expires}'`)
    else if (standing === 'unknown') {
      yield say.unknown('time to live', `by '${expires}'; whether the site is deployed, and made it, is not told`)
    } else {
      yield say.warning(
        'time to live',
        `by '${expires}' already: the site takes the policy over, and removing the site would end it`,
        `before terraform destroy: terraform state rm google_firestore_field.<collection>_<field> (docs/uninstall.md)`,
      )
    }
  }
}
