/** Who a function is, and what it may do: a service account of its own, with roles on single resources where there are any. */

import { shortName } from '../terraform/short-name.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { snakeCase } from '../terraform/variable.ts'
import { google } from './google.ts'
import type { SiteContext } from './site-context.ts'

/** https://cloud.google.com/iam/docs/service-accounts-create */
const accountIdLengthMax = 30

export interface ServiceAccount {
  readonly email: string
  readonly member: string
  /** In the whole project: for what Google Cloud has no permission on a single resource for. `role`: one of Google's, or of ours. */
  grantInProject(role: string | TypedResource): TypedResource
}

export function createServiceAccount(context: SiteContext, name: string, purpose: string): ServiceAccount {
  const { scope, project, services } = context
  const id = snakeCase(name.replace(/^tributary-/, ''))
  const account = google(
    scope,
    id,
    'google_service_account',
    { account_id: shortName(name, accountIdLengthMax), display_name: purpose },
    { dependsOn: services },
  )
  const member = account.get('member')
  return {
    email: account.get('email'),
    member,
    grantInProject: role => {
      const [called, granted] =
        typeof role === 'string' ? [role.replace('roles/', ''), role] : [role.friendlyUniqueId, role.id]
      return google(scope, `${id}_${snakeCase(called)}`, 'google_project_iam_member', {
        project,
        role: granted,
        member,
      })
    },
  }
}
