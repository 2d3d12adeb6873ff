/**
 * Which servers of the local clouds does the user replace by others? The standard variables say it: the local site then
 * uses the server that is named and starts none of its own. The names are those that the clouds' clients know (on
 * Azure: the app settings of the functions), so that an application and the local clouds agree without being told twice.
 */
import type { Cloud } from '../../shared/declare/sync-plan.ts'

export const endpointVariables = {
  aws: ['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL_KINESIS', 'AWS_ENDPOINT_URL_SQS'],
  gcp: ['FIRESTORE_EMULATOR_HOST', 'PUBSUB_EMULATOR_HOST'],
  azure: ['TRIBUTARY_COSMOS', 'TRIBUTARY_STORAGE'],
} as const satisfies Readonly<Record<Cloud, readonly string[]>>

export type EndpointVariable = (typeof endpointVariables)[Cloud][number]

/** As `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What the variable names; undefined if it is not set, or empty. */
export function replacedEndpoint(environment: Environment, variable: EndpointVariable): string | undefined {
  return environment[variable] || undefined
}
