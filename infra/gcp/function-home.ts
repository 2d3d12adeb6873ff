/** Where functions come from: the bucket of packages, and who builds them. */
import { createVariable } from '../terraform/variable.ts'
import type { EncryptionKey } from './encryption-key.ts'
import { google } from './google.ts'
import { createServiceAccount } from './service-account.ts'
import type { SiteContext } from './site-context.ts'
import type { FunctionHome } from './site-function.ts'

export function createFunctionHome(context: SiteContext, key: EncryptionKey): FunctionHome {
  const { scope, site, project, labels } = context
  const packages = google(scope, 'packages', 'google_storage_bucket', {
    name: `${project}-tributary-functions`,
    location: site.region,
    uniform_bucket_level_access: true,
    public_access_prevention: 'enforced',
    encryption: { default_kms_key_name: key.for('storage') },
    // Everything in it comes from here.
    force_destroy: true,
    labels,
  })
  // By default builds run as an account that may change the whole project.
  const builder = createServiceAccount(context, 'tributary-builder', 'Builds the functions of Tributary')
  return {
    context,
    packages,
    builder,
    builderPermissions: [
      // Cloud Functions copies the package into a bucket of its own, which is made with the first function.
      builder.grantInProject('roles/storage.objectViewer'),
      builder.grantInProject('roles/artifactregistry.writer'),
      builder.grantInProject('roles/logging.logWriter'),
    ],
    minInstances: createVariable(scope, 'min_instances', {
      description: 'Instances of each function that are kept warm; 0 costs nothing while nothing is written',
      type: 'number',
      default: 2,
    }),
    maxInstances: createVariable(scope, 'max_instances', {
      description: 'The most instances of each function',
      type: 'number',
      default: 20,
    }),
  }
}
