/** How the Google clients reach what the environment names: a project, or a server in its place. */
import { credentials } from '@grpc/grpc-js'
import type { Environment } from '../../../tools/local/replaced-endpoints.ts'
import { present } from '../expectations.ts'

/** gRPC's own statuses, by name. */
export const grpcStatus = { invalidArgument: 3, notFound: 5, alreadyExists: 6, failedPrecondition: 9, aborted: 10 }

export function projectId(environment: Environment): string {
  return present(environment.GOOGLE_CLOUD_PROJECT, 'GOOGLE_CLOUD_PROJECT')
}

/** `127.0.0.1:40201`; undefined is the cloud. */
export function emulatorHost(environment: Environment, variable: string): string | undefined {
  return environment[variable]?.replace(/^https?:\/\//, '').replace(/\/+$/, '') || undefined
}

/** Settings of the generated clients, which do not know the variables of the emulators. */
export function generatedClientSettings(environment: Environment, variable: string) {
  const host = emulatorHost(environment, variable)
  if (host === undefined) return { projectId: projectId(environment) }
  const [servicePath = '', port] = host.split(':')
  return { projectId: projectId(environment), servicePath, port: Number(port), sslCreds: credentials.createInsecure() }
}
