/** How commands reach a Google Cloud project: data by the official clients, the management plane by `gcloud`. */
import type { Firestore } from '@google-cloud/firestore'
import type { PubSub } from '@google-cloud/pubsub'
import type { SiteEndpoints } from '../local/local-site.ts'
import { type CloudCommand, cloudCommand, noCloudCommand } from './cloud-command.ts'
import type { DeploymentVariables } from './deployment-variables.ts'
import { firstLine } from './told.ts'

export interface GcpAccess {
  readonly project: string
  readonly firestore: Firestore
  readonly pubsub: PubSub
  readonly command: CloudCommand
  /** Why there are none here; then nothing may be asked: the clients end the process for want of them. */
  readonly noCredentials: string | undefined
  /** What stands there was made by the local clouds. */
  readonly isLocal: boolean
  close(): Promise<void>
}

export interface GcpAccessOptions {
  readonly local: SiteEndpoints | undefined
  readonly variables: DeploymentVariables
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Undefined: neither the variables of the deployment nor the environment say which project. */
export async function openGcp({ local, variables, environment }: GcpAccessOptions): Promise<GcpAccess | undefined> {
  const project = local ? local.project : (variables.project ?? environment.GOOGLE_CLOUD_PROJECT)
  if (!project) return undefined
  // The clients ask a metadata server otherwise, which a laptop has not got.
  if (local) process.env.METADATA_SERVER_DETECTION ??= 'none'
  const [{ Firestore }, { PubSub }] = await Promise.all([
    import('@google-cloud/firestore'),
    import('@google-cloud/pubsub'),
  ])
  const { firestore: host, pubsub: apiEndpoint } = local?.endpoints ?? {}
  const firestore = new Firestore({ projectId: project, ...(host === undefined ? {} : { host, ssl: false }) })
  const pubsub = new PubSub({ projectId: project, ...(apiEndpoint === undefined ? {} : { apiEndpoint }) })
  return {
    project,
    firestore,
    pubsub,
    noCredentials: local ? undefined : await missingCredentials(pubsub),
    command: local ? noCloudCommand : cloudCommand('gcloud', [`--project=${project}`, '--quiet']),
    isLocal: local !== undefined,
    close: async () => void (await Promise.all([firestore.terminate(), pubsub.close()])),
  }
}

export const signInToGcp = 'gcloud auth application-default login'

/** Why there are no credentials, in words; undefined: there are some, or an emulator that asks for none. */
export async function missingCredentials(pubsub: PubSub): Promise<string | undefined> {
  if (pubsub.isEmulator) return undefined
  try {
    await pubsub.auth.getClient()
    return undefined
  } catch (error) {
    return firstLine(error instanceof Error ? error.message : error)
  }
}
