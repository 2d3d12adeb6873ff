/**
 * How a function reaches an account: with a connection string where there is one (the local clouds), otherwise as the
 * app's own identity, for which there is no key. The settings are those that the Functions host reads for its triggers:
 * `<setting>`, or `<setting>__accountEndpoint` (`__queueServiceUri`) and `<setting>__clientId`.
 * (https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection)
 */
import { required, type Variables } from '../common/environment.ts'
import { createManagedIdentity, type TokenCredential } from './managed-identity.ts'

export type Account = string | { readonly endpoint: string; readonly credential: TokenCredential }

export function accountFrom(
  variables: Variables,
  setting: string,
  endpoint: 'accountEndpoint' | 'queueServiceUri',
): Account {
  const connection = variables[setting]
  if (connection !== undefined && connection !== '') return connection
  return {
    endpoint: required(variables, `${setting}__${endpoint}`),
    credential: createManagedIdentity(variables, required(variables, `${setting}__clientId`)),
  }
}
