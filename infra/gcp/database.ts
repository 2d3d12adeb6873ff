/**
 * The Firestore database: Tributary's collections beside the application's own. The clients ask for the project's
 * default database, which an application may have made before; then it stays as it is, its encryption and backups
 * included, and only indexes, TTL policies and the backup schedule are added.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { typesAt } from '../../shared/declare/sync-plan.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { createVariable, snakeCase } from '../terraform/variable.ts'
import type { EncryptionKey } from './encryption-key.ts'
import { google } from './google.ts'
import { backupRetention } from './retention.ts'
import type { SiteContext } from './site-context.ts'

export const databaseName = '(default)'

const existsName = 'firestore_database_exists'

const fields = z.array(
  z.object({ fieldPath: z.string(), order: z.string().optional(), arrayConfig: z.string().optional() }),
)
const indexFile = z.object({
  indexes: z.array(z.object({ collectionGroup: z.string(), queryScope: z.string(), fields })),
  fieldOverrides: z.array(
    z.object({
      collectionGroup: z.string(),
      fieldPath: z.string(),
      ttl: z.boolean().default(false),
      indexes: z.array(z.never()),
    }),
  ),
})

/** What Firebase's own tools read, too: the one place where the indexes are written down. */
const indexes = new URL('../../functions/gcp/firestore.indexes.json', import.meta.url)

export function createDatabase(context: SiteContext, key: EncryptionKey): TypedResource {
  const { scope, site, services } = context
  createVariable(scope, existsName, {
    description: 'Whether the project has its default Firestore database already: it is then used as it is',
    type: 'bool',
    default: false,
  })
  const database = google(
    scope,
    'default',
    'google_firestore_database',
    {
      name: databaseName,
      location_id: site.region,
      type: 'FIRESTORE_NATIVE',
      point_in_time_recovery_enablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
      delete_protection_state: 'DELETE_PROTECTION_ENABLED',
      cmek_config: { kms_key_name: key.for('firestore') },
    },
    { count: `\${var.${existsName} ? 0 : 1}`, dependsOn: services, preventDestroy: true },
  )
  google(
    scope,
    'daily',
    'google_firestore_backup_schedule',
    { database: databaseName, retention: backupRetention, daily_recurrence: {} },
    { dependsOn: [database] },
  )
  createIndexes(context, database)
  createExpiries(context, database)
  return database
}

function createIndexes({ scope }: SiteContext, database: TypedResource): void {
  const { indexes: composite, fieldOverrides } = indexFile.parse(JSON.parse(readFileSync(indexes, 'utf8')))
  for (const { collectionGroup: collection, queryScope: query_scope, fields } of composite) {
    const name = snakeCase(
      [collection, ...fields.map(({ fieldPath, order = '' }) => `${fieldPath} ${order}`)].join(' '),
    )
    const args = {
      database: databaseName,
      collection,
      query_scope,
      fields: fields.map(({ fieldPath: field_path, order, arrayConfig }) => ({
        field_path,
        ...(order === undefined ? {} : { order }),
        ...(arrayConfig === undefined ? {} : { array_config: arrayConfig }),
      })),
    }
    google(scope, name.replace(/_$/, ''), 'google_firestore_index', args, { dependsOn: [database] })
  }
  for (const { collectionGroup: collection, fieldPath: field, ttl } of fieldOverrides) {
    const args = { database: databaseName, collection, field, ...(ttl ? { ttl_config: {} } : {}), index_config: {} }
    google(scope, snakeCase(`${collection} ${field}`), 'google_firestore_field', args, { dependsOn: [database] })
  }
}

/** Documents that expire: Firestore removes them by itself. The field keeps its index, which the application may use. */
function createExpiries({ scope, plan, site }: SiteContext, database: TypedResource): void {
  const places = typesAt(plan, site.id).flatMap(({ at, expires }) => {
    return expires === undefined ? [] : [{ collection: at.gcp.collection.split('/').at(-1) ?? '', field: expires }]
  })
  const made = new Set<string>()
  for (const { collection, field } of places) {
    const name = snakeCase(`${collection} ${field}`)
    // Several types in one collection expire by one policy.
    if (made.has(name)) continue
    made.add(name)
    const args = { database: databaseName, collection, field, ttl_config: {} }
    google(scope, name, 'google_firestore_field', args, { dependsOn: [database] })
  }
}
