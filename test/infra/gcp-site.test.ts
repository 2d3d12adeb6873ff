/** The Google Cloud site of this project's declaration, as its template says: what is there, who may do what, what is public. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { alerts } from '../../infra/alerts.ts'
import { isOfferedByGoogle } from '../../infra/gcp/alert-policies.ts'
import { writeSiteFolders } from '../../infra/terraform/site-folders.ts'
import { documentPattern } from '../../shared/declare/placement.ts'
import { peersOf, siteOf, typesAt } from '../../shared/declare/sync-plan.ts'
import { batchChangesMax } from '../../shared/replicate/batches.ts'
import plan from '../../sync.config.ts'
import { functionNames, projectRoot } from '../../tools/build/bundle-functions.ts'
import {
  type Arguments,
  inventoryOf,
  keptInDocs,
  protectedIn,
  readSite,
  reference,
  referredToBy,
  resourceOf,
  resourcesOf,
  type Template,
  textOf,
} from './terraform.ts'

const site = 'gcp-us-central1'
const peers = peersOf(plan, site).map(({ id }) => id)
const folder = mkdtempSync(join(tmpdir(), 'tributary-gcp-'))
const first = inject('sites')
const second = join(folder, 'second')
const bundles = join(first, '../.build/functions')
let template: Template

beforeAll(async () => {
  // The bundles are the same: that building them again changes nothing is tested for AWS.
  await writeSiteFolders({
    plan,
    sites: [siteOf(plan, site)],
    bundles,
    out: second,
  })
  template = readSite(join(first, site))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const all = (type: string) => [...resourcesOf(template, type).values()]
const text = (value: unknown) => textOf(template, String(value))
const functionNamed = (name: string): Arguments => {
  const found = all('google_cloudfunctions2_function').find(args => args.name === name)
  if (!found) throw new Error(`no function ${name}`)
  return found
}
const serviceNames = [
  'tributary-capture',
  'tributary-publish',
  ...peers.map(peer => `tributary-forward-${peer}`),
  'tributary-ingest',
  'tributary-prune',
]

describe('functions', () => {
  it('are all there, on Node 24, each as an identity of its own', () => {
    const functions = all('google_cloudfunctions2_function')
    expect(functions.map(({ name }) => name)).toEqual(serviceNames)
    for (const { build_config } of functions) expect(build_config.runtime).toBe('nodejs24')
    const identities = functions.map(({ service_config }) => service_config.service_account_email)
    expect(new Set(identities).size).toBe(serviceNames.length)
  })

  it('are the very files that the local clouds run', () => {
    for (const name of functionNames) {
      const built = readFileSync(join(bundles, 'gcp', name, 'index.cjs'))
      const deployed = readFileSync(join(first, site, 'functions', name, 'index.cjs'))
      expect(hash(deployed)).toBe(hash(built))
      const { source_dir } = Object(template.data.archive_file?.[name])
      expect(source_dir).toBe(`\${path.module}/functions/${name}`)
    }
    for (const { name, build_config } of all('google_cloudfunctions2_function')) {
      const bundle = String(build_config.entry_point)
      expect(String(name)).toMatch(new RegExp(`^tributary-${bundle}`))
      const { object } = build_config.source.storage_source
      expect(object).toBe(`\${google_storage_bucket_object.${bundle}.name}`)
      // Another package is another object: otherwise nothing would be built again.
      expect(resourceOf(template, 'google_storage_bucket_object', bundle).name).toContain('output_sha256')
    }
  })

  it('bring the functions framework in the version of this project, with all that it needs', () => {
    const own = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')).packages
    const lock = JSON.parse(readFileSync(join(first, site, 'functions/capture/package-lock.json'), 'utf8')).packages
    const framework = 'node_modules/@google-cloud/functions-framework'
    expect(lock[framework].version).toBe(own[framework].version)
    for (const [path, entry] of Object.entries<{ dependencies?: Record<string, string>; integrity: string }>(lock)) {
      if (path === '') continue
      expect(entry.integrity, path).toBe(own[path].integrity)
      for (const name of Object.keys(entry.dependencies ?? {})) {
        const folders = [
          ...path.split('/node_modules/').map((_, i, parts) => parts.slice(0, i + 1).join('/node_modules/')),
        ]
        const places = ['', ...folders].map(place => `${place === '' ? '' : `${place}/`}node_modules/${name}`)
        expect(
          places.some(place => lock[place]),
          `${path} needs ${name}`,
        ).toBe(true)
      }
    }
  })

  it('keep two instances warm and start twenty at most, unless the deployer says otherwise', () => {
    expect(template.variable.min_instances?.default).toBe(2)
    expect(template.variable.max_instances?.default).toBe(20)
    for (const name of serviceNames.filter(name => name !== 'tributary-prune')) {
      const { min_instance_count, max_instance_count } = functionNamed(name).service_config
      expect([min_instance_count, max_instance_count]).toEqual([
        reference('var.min_instances'),
        reference('var.max_instances'),
      ])
    }
  })

  it('give forward as many messages side by side as a batch holds', () => {
    for (const peer of peers) {
      const { max_instance_request_concurrency } = functionNamed(`tributary-forward-${peer}`).service_config
      expect(max_instance_request_concurrency).toBe(batchChangesMax)
    }
  })
})

describe('triggers', () => {
  const triggersOf = (name: string) =>
    all('google_eventarc_trigger').filter(({ destination }) => text(destination.cloud_run_service.service) === name)
  const patternsOf = (name: string) =>
    triggersOf(name).map(({ matching_criteria }) => Object(matching_criteria[2]).value)

  it('call capture for every document of a declared type, and publish for every sync record', () => {
    const patterns = typesAt(plan, site).map(({ at }) => documentPattern(at.gcp))
    expect(patternsOf('tributary-capture').toSorted()).toEqual(patterns.toSorted())
    expect(patternsOf('tributary-publish')).toEqual(['tributary-sync/{id}'])
    for (const trigger of all('google_eventarc_trigger')) {
      expect(trigger).toMatchObject({
        location: 'us-central1',
        event_data_content_type: 'application/protobuf',
        matching_criteria: [
          { attribute: 'type', value: 'google.cloud.firestore.document.v1.written' },
          { attribute: 'database', value: '(default)' },
          { attribute: 'document', operator: 'match-path-pattern' },
        ],
      })
      // Eventarc repeats what fails for a day by itself; a policy could only shorten that.
      expect(trigger.retry_policy).toBeUndefined()
    }
  })

  it('hand every change to each peer’s forward again until it is taken, for a week', () => {
    for (const peer of peers) {
      const name = `tributary-forward-${peer}`
      const subscription = all('google_pubsub_subscription').find(args => args.name === name)
      expect(subscription).toMatchObject({
        message_retention_duration: '604800s',
        expiration_policy: { ttl: '' },
        retry_policy: { minimum_backoff: '10s', maximum_backoff: '60s' },
      })
      expect(subscription?.dead_letter_policy).toBeUndefined()
      expect(text(subscription?.topic)).toBe('{google_pubsub_topic.changes.id}')
      const function_ = [...resourcesOf(template, 'google_cloudfunctions2_function')].find(
        ([, args]) => args.name === name,
      )
      const uri = `\${google_cloudfunctions2_function.${function_?.[0]}.service_config[0].uri}`
      expect(subscription?.push_config.push_endpoint).toBe(`${uri}/projects/\${var.project}/topics/tributary-changes`)
      expect(subscription?.push_config.oidc_token.audience).toBe(uri)
      // While a function works on a message, it must not come a second time.
      expect(subscription?.ack_deadline_seconds).toBeGreaterThan(functionNamed(name).service_config.timeout_seconds)
    }
  })

  it('start prune every hour, and give it the time that a run takes', () => {
    const [job, ...others] = all('google_cloud_scheduler_job')
    expect(others).toEqual([])
    expect(job).toMatchObject({ schedule: '17 * * * *', attempt_deadline: '180s' })
    expect(job?.http_target.uri).toBe(reference('google_cloudfunctions2_function.prune.service_config[0].uri'))
    expect(functionNamed('tributary-prune').service_config.timeout_seconds).toBe(180)
  })

  it('may call what they trigger: nobody else may, but the public ingest', () => {
    const callers = all('google_cloud_run_v2_service_iam_member').map(({ name, member }) => [text(name), text(member)])
    const caller = '{google_service_account.caller.member}'
    expect(callers.toSorted()).toEqual(
      serviceNames.map(name => [name, name === 'tributary-ingest' ? 'allUsers' : caller]).toSorted(),
    )
  })
})

describe('permissions', () => {
  const memberOf = (name: string) => {
    const { service_account_email } = functionNamed(name).service_config
    return String(service_account_email).replace('.email}', '.member}')
  }
  const grantTypes = [
    ['google_project_iam_member', () => 'project'],
    ['google_pubsub_topic_iam_member', ({ topic }: Arguments) => text(topic).replace(/.*topic\.(\w+)\.id.*/, '$1')],
    [
      'google_kms_crypto_key_iam_member',
      ({ crypto_key_id }: Arguments) => /crypto_key\.(\w+)/.exec(crypto_key_id)?.[1],
    ],
  ] as const
  const allowedTo = (member: string) =>
    grantTypes
      .flatMap(([type, on]) =>
        all(type)
          .filter(args => args.member === member)
          .map(args => `${args.role} on ${on(args)}`),
      )
      .toSorted()

  it('are what each function needs, and no more', () => {
    const reads = 'roles/datastore.viewer on project'
    const writes = 'roles/datastore.user on project'
    const deadLetters = 'roles/pubsub.publisher on dead_letters'
    const signs = 'roles/cloudkms.signer on root_first'
    expect(allowedTo(memberOf('tributary-capture'))).toEqual([signs, writes, deadLetters])
    const audits = `${reference('google_project_iam_custom_role.audit_writer.id')} on project`
    expect(allowedTo(memberOf('tributary-publish'))).toEqual([audits, 'roles/pubsub.publisher on changes', deadLetters])
    expect(resourceOf(template, 'google_project_iam_custom_role', 'audit_writer').permissions).toEqual([
      'datastore.entities.create',
      'datastore.entities.update',
    ])
    for (const peer of peers) {
      expect(allowedTo(memberOf(`tributary-forward-${peer}`))).toEqual([signs, reads, deadLetters])
    }
    expect(allowedTo(memberOf('tributary-ingest'))).toEqual([signs, writes])
    expect(allowedTo(memberOf('tributary-prune'))).toEqual([signs, writes])
  })

  it('are no wide ones for whoever calls or builds', () => {
    expect(allowedTo(reference('google_service_account.caller.member'))).toEqual([
      'roles/eventarc.eventReceiver on project',
    ])
    expect(allowedTo(reference('google_service_account.builder.member'))).toEqual([
      'roles/artifactregistry.writer on project',
      'roles/logging.logWriter on project',
      'roles/storage.objectViewer on project',
    ])
    const roles = grantTypes.flatMap(([type]) => all(type)).map(({ role }) => String(role))
    for (const role of roles) expect(role).not.toMatch(/owner|editor|admin|roles\/viewer$/i)
  })
})

describe('data at rest', () => {
  it('is encrypted under the site’s own key, which is rotated', () => {
    expect(resourceOf(template, 'google_kms_crypto_key', 'data').rotation_period).toBe('7776000s')
    const underKey = (value: unknown) => expect(text(value)).toMatch(/^\{google_kms_crypto_key\.data\.id\}$/)
    underKey(resourceOf(template, 'google_firestore_database', 'default').cmek_config.kms_key_name)
    for (const topic of all('google_pubsub_topic')) underKey(topic.kms_key_name)
    for (const events of all('google_eventarc_google_channel_config')) underKey(events.crypto_key_name)
    for (const trigger of all('google_eventarc_trigger')) {
      expect(trigger.depends_on).toContain('google_eventarc_google_channel_config.events')
    }
    for (const bucket of all('google_storage_bucket')) underKey(bucket.encryption.default_kms_key_name)
    // Nothing else holds data.
    const holders =
      /^google_(firestore_database|pubsub_topic|storage_bucket|secret_manager_secret|bigquery|sql|redis)\b/
    const kinds = new Set(inventoryOf(template).map(name => name.split('.')[0] ?? ''))
    expect([...kinds].filter(kind => holders.test(kind) && !/_iam_|_object$/.test(kind)).toSorted()).toEqual([
      'google_firestore_database',
      'google_pubsub_topic',
      'google_storage_bucket',
    ])
  })

  it('stays in the region, the messages, logs and keys too', () => {
    const region = 'us-central1'
    for (const topic of all('google_pubsub_topic')) {
      expect(topic.message_storage_policy.allowed_persistence_regions).toEqual([region])
    }
    const located = inventoryOf(template).map(name => {
      const [type = '', id = ''] = name.split('.')
      const { location, location_id, region: inRegion } = resourceOf(template, type, id)
      return location ?? location_id ?? inRegion
    })
    for (const location of located) expect([undefined, region]).toContain(location)
  })

  it('outlives a mistake: protected from deletion, restorable, backed up every day', () => {
    const database = resourceOf(template, 'google_firestore_database', 'default')
    expect(database).toMatchObject({
      point_in_time_recovery_enablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
      delete_protection_state: 'DELETE_PROTECTION_ENABLED',
      lifecycle: { prevent_destroy: true },
      // One that is there already is used as it is.
      count: reference('var.firestore_database_exists ? 0 : 1'),
    })
    expect(resourceOf(template, 'google_kms_crypto_key', 'data').lifecycle).toEqual({ prevent_destroy: true })
    const [schedule] = all('google_firestore_backup_schedule')
    expect(schedule).toMatchObject({ daily_recurrence: {}, retention: '1209600s' })
  })

  it('stays readable when the site is removed: what it needs stays with it, and the docs say how', () => {
    const kept = protectedIn(template)
    const known = keptInDocs('Google Cloud')
    // A ring can never be deleted: Terraform only forgets it.
    const undeletable = ['google_kms_key_ring.tributary']
    expect([...kept.keys()]).toContain('google_firestore_database.default')
    for (const [address, args] of kept) {
      expect(address).toMatch(known)
      for (const needed of referredToBy(template, args)) expect([...kept.keys(), ...undeletable]).toContain(needed)
    }
    expect(referredToBy(template, kept.get('google_firestore_database.default') ?? {})).toEqual([
      'google_kms_crypto_key_iam_member.data_firestore',
    ])
    // What only looks alike goes: the root key, other grants.
    const found = inventoryOf(template).filter(address => known.test(address))
    expect(found.toSorted()).toEqual([...kept.keys(), ...undeletable].toSorted())
  })

  it('has every index that the audit asks by, and forgets entries when they are old', () => {
    const file = JSON.parse(readFileSync(join(projectRoot, 'functions/gcp/firestore.indexes.json'), 'utf8'))
    const declared = file.indexes.map(({ fields }: Arguments) =>
      fields.map(({ fieldPath, order, arrayConfig }: Arguments) => `${fieldPath} ${order ?? arrayConfig}`).join(),
    )
    const made = all('google_firestore_index').map(({ fields }) =>
      fields.map(({ field_path, order, array_config }: Arguments) => `${field_path} ${order ?? array_config}`).join(),
    )
    expect(made.toSorted()).toEqual(declared.toSorted())
    const expiring = all('google_firestore_field').filter(({ ttl_config }) => ttl_config)
    expect(expiring.map(({ collection, field }) => `${collection}.${field}`)).toEqual([
      'tributary-audit.expiresAt',
      ...typesAt(plan, site).flatMap(({ name, expires }) => (expires === undefined ? [] : [`${name}.${expires}`])),
    ])
  })

  it('is not kept for ever where it is only a log, and not outside of the region', () => {
    const [bucket] = all('google_logging_project_bucket_config')
    expect(bucket).toMatchObject({ location: 'us-central1', retention_days: 30 })
    const [sink] = all('google_logging_project_sink')
    const [exclusion] = all('google_logging_project_exclusion')
    expect(sink?.filter).toBe(exclusion?.filter)
    expect(sink?.destination).toContain('google_logging_project_bucket_config.tributary.id')
  })
})

describe('public', () => {
  it('is one path, over TLS, limited to 1,000 requests a second', () => {
    const [policy] = all('google_compute_region_security_policy')
    const rules = policy?.rules.toSorted((one: Arguments, other: Arguments) => one.priority - other.priority)
    expect(rules.map(({ action }: Arguments) => action)).toEqual(['deny(404)', 'throttle', 'deny(404)'])
    expect(rules[0].match.expr.expression).toBe("request.path != '/ingest' || request.method != 'POST'")
    const { enforce_on_key, rate_limit_threshold: limit, exceed_action } = rules[1].rate_limit_options
    expect([enforce_on_key, exceed_action, limit.count / limit.interval_sec]).toEqual(['ALL', 'deny(429)', 1000])
    const [backend] = all('google_compute_region_backend_service')
    expect(backend?.security_policy).toBe(reference('google_compute_region_security_policy.ingest.self_link'))
    const [rule, ...others] = all('google_compute_forwarding_rule')
    expect(others).toEqual([])
    expect(rule).toMatchObject({
      port_range: '443',
      target: reference('google_compute_region_target_https_proxy.ingest.id'),
    })
    expect(textOf(template, template.output.ingest_url?.value ?? '', { variables: { ingest_domain: 'in.test' } })).toBe(
      'https://in.test/ingest',
    )
  })

  it('is nothing else: no function is reached from outside past the limit, no bucket, no topic', () => {
    for (const { name, service_config } of all('google_cloudfunctions2_function')) {
      const wanted = name === 'tributary-ingest' ? 'ALLOW_INTERNAL_AND_GCLB' : 'ALLOW_INTERNAL_ONLY'
      expect(service_config.ingress_settings).toBe(wanted)
    }
    for (const bucket of all('google_storage_bucket')) expect(bucket.public_access_prevention).toBe('enforced')
    const everybody = JSON.stringify(template).match(/allUsers|allAuthenticatedUsers/g)
    expect(everybody).toEqual(['allUsers'])
  })

  it('knows no secret: the root key is made in KMS and signs there, and no key is made for an identity', () => {
    expect(inventoryOf(template).join()).not.toMatch(/service_account_key|secret|hmac_key|api_key/)
    expect(resourceOf(template, 'google_kms_crypto_key', 'root_first')).toMatchObject({
      purpose: 'ASYMMETRIC_SIGN',
      version_template: { algorithm: 'EC_SIGN_P256_SHA256' },
    })
    const holders = serviceNames.filter(name => {
      const variables = functionNamed(name).service_config.environment_variables
      expect(Object.keys(variables)).not.toContain('TRIBUTARY_SIGNING_KEY')
      return variables.TRIBUTARY_ROOT_KEY === `${reference('google_kms_crypto_key.root_first.id')}/cryptoKeyVersions/1`
    })
    expect(holders).toEqual(serviceNames.filter(name => name !== 'tributary-publish'))
    expect(template.output.root_key_first?.value).toBe(
      reference('data.google_kms_crypto_key_version.root_first.public_key[0].pem'),
    )
  })
})

describe('alerts', () => {
  it('there is a policy for every row of the table that Google Cloud has a metric for', () => {
    const made = all('google_monitoring_alert_policy').map(({ display_name }) => display_name)
    const wanted = alerts.filter(({ metric }) => metric.from === 'log' || isOfferedByGoogle(metric.metric))
    expect(made.toSorted()).toEqual(wanted.map(({ id }) => `tributary-${id}`).toSorted())
  })

  it('each tells the one whom it is for, and is critical where the table says so', () => {
    for (const { id, severity, to } of alerts) {
      const policy = all('google_monitoring_alert_policy').find(args => args.display_name === `tributary-${id}`)
      if (!policy) continue
      expect(policy.severity).toBe(severity.toUpperCase())
      const [channel] = policy.notification_channels
      expect(channel).toBe(`\${google_monitoring_notification_channel.${to.replaceAll('-', '_')}.id}`)
    }
  })

  it('those of lines read a metric that is made from exactly these lines', () => {
    const logs = alerts.flatMap(alert => (alert.metric.from === 'log' ? [{ ...alert, metric: alert.metric }] : []))
    const metrics = new Map(all('google_logging_metric').map(args => [String(args.name), args]))
    // In the query language every other character is an underscore.
    const byQueryName = new Map([...metrics].map(([name, args]) => [name.replaceAll(/\W/g, '_'), args]))
    for (const { id, metric, above } of logs) {
      const policy = all('google_monitoring_alert_policy').find(args => args.display_name === `tributary-${id}`)
      const [{ condition_threshold, condition_prometheus_query_language }] = policy?.conditions ?? [{}]
      const name = /metric\.type="logging\.googleapis\.com\/user\/([^"]+)"/.exec(condition_threshold?.filter)?.[1]
      const queryName = /user_(\w+)_sum\{/.exec(condition_prometheus_query_language?.query)?.[1]
      const { filter, value_extractor } = metrics.get(name ?? '') ?? byQueryName.get(queryName ?? '') ?? {}
      for (const [field, equals] of Object.entries(metric.where)) {
        expect(filter, id).toContain(equals === null ? `jsonPayload.${field}:*` : `jsonPayload.${field}="${equals}"`)
      }
      // Of a highest value the lines beyond it are counted.
      if (metric.statistic === 'maximum') expect(filter).toContain(`jsonPayload.${metric.value}>${above}`)
      else if (metric.value !== undefined) expect(value_extractor).toBe(`EXTRACT(jsonPayload.${metric.value})`)
    }
  })

  it('watch the age of what waits: every trigger and every peer', () => {
    const waiting = (id: string) =>
      all('google_monitoring_alert_policy')
        .find(args => args.display_name === `tributary-${id}`)
        ?.conditions.map(({ condition_threshold: { filter, threshold_value } }: Arguments) => [
          /subscription_id="([^"]*)"/.exec(text(filter))?.[1],
          threshold_value,
        ])
    expect(waiting('forward-age-critical')).toEqual(peers.map(peer => [`tributary-forward-${peer}`, 30]))
    const triggers = [...resourcesOf(template, 'google_eventarc_trigger').keys()]
    expect(waiting('capture-age-warning')).toEqual(
      triggers.map(name => [`{basename(google_eventarc_trigger.${name}.transport[0].pubsub[0].subscription)}`, 10]),
    )
  })
})

describe('a synthesis', () => {
  it('gives the same bytes again, for every file', () => {
    const files = readdirSync(join(first, site), { recursive: true, withFileTypes: true }).filter(entry =>
      entry.isFile(),
    )
    expect(files).toHaveLength(1 + 3 * functionNames.length)
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name).slice(first.length)
      expect(readFileSync(join(second, path)).equals(readFileSync(join(first, path))), path).toBe(true)
    }
  })
})

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
