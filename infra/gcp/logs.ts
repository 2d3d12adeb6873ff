/**
 * The functions' logs: in this region, for 30 days. The project's own bucket lies anywhere ("global"), and a line may
 * name a record's key, which may be somebody's; so the lines are kept out of it.
 */
import { google } from './google.ts'
import { logRetentionDays } from './retention.ts'
import type { SiteContext } from './site-context.ts'

export const functionLogs = 'resource.type="cloud_run_revision" AND resource.labels.service_name=~"^tributary-"'

export function createLogs({ scope, site, project, services }: SiteContext): void {
  const bucket = google(
    scope,
    'tributary',
    'google_logging_project_bucket_config',
    { project, location: site.region, bucket_id: 'tributary', retention_days: logRetentionDays },
    { dependsOn: services },
  )
  google(scope, 'tributary', 'google_logging_project_sink', {
    name: 'tributary',
    destination: `logging.googleapis.com/${bucket.id}`,
    filter: functionLogs,
    unique_writer_identity: true,
  })
  google(scope, 'tributary', 'google_logging_project_exclusion', {
    name: 'tributary',
    description: 'Kept in the bucket tributary, in the region of the site',
    filter: functionLogs,
  })
}
