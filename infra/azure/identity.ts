/** Who a function app is: a managed identity of its own, with roles on single queues, containers and secrets. */
import type { TypedResource } from '../terraform/typed-resource.ts'
import { snakeCase } from '../terraform/variable.ts'
import { azure } from './azure.ts'
import { placed, type SiteContext } from './site-context.ts'

export interface Identity {
  /** In Terraform: `forward_aws_us_east_1`. */
  readonly name: string
  readonly id: string
  readonly clientId: string
  readonly principalId: string
  /** `role`: one of Azure's by its name, or a definition of ours. `of`: what the scope is, in short. */
  grant(role: string | TypedResource, scopeId: string, of: string): TypedResource
}

export function createIdentity(context: SiteContext, name: string): Identity {
  const { scope } = context
  const short = snakeCase(name.replace('tributary-', ''))
  const identity = azure(scope, short, 'azurerm_user_assigned_identity', { name, ...placed(context) })
  return {
    name: short,
    id: identity.id,
    clientId: identity.get('client_id'),
    principalId: identity.get('principal_id'),
    grant: (role, scopeId, of) => {
      const [called, named] =
        typeof role === 'string'
          ? [role, { role_definition_name: role }]
          : [role.friendlyUniqueId, { role_definition_id: role.get('role_definition_resource_id') }]
      return azure(scope, snakeCase(`${short} ${called} ${of}`), 'azurerm_role_assignment', {
        scope: scopeId,
        ...named,
        principal_id: identity.get('principal_id'),
        principal_type: 'ServicePrincipal',
      })
    },
  }
}
