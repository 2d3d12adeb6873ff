/** A Google Cloud site: with the application default credentials. */
import { Firestore } from '@google-cloud/firestore'
import { createFirestore } from '../../functions/gcp/firestore-client.ts'
import { createPubSub } from '../../functions/gcp/pubsub-client.ts'
import { deadLettersName } from '../../shared/declare/resource-names.ts'
import { createFirestoreWriter } from '../load/firestore-writer.ts'
import { gcpStores } from '../stores/gcp-stores.ts'
import { openPubSubLetters } from '../stores/pubsub-letters.ts'
import { missingCredentials, signInToGcp } from './gcp-access.ts'
import { type OpenSite, type OpenSiteOptions, SiteNotOpened } from './open-site.ts'
import { told } from './told.ts'

export async function openGcpSite({ plan, site, variables, environment }: OpenSiteOptions): Promise<OpenSite> {
  const projectId = variables.project ?? environment.GOOGLE_CLOUD_PROJECT
  if (!projectId) {
    throw new SiteNotOpened(
      site.id,
      'nobody says in which project it is: --var project=PROJECT, or GOOGLE_CLOUD_PROJECT',
    )
  }
  const { FIRESTORE_EMULATOR_HOST: emulator, PUBSUB_EMULATOR_HOST: pubsubEmulator } = environment
  const pubsub = createPubSub(projectId)
  const noCredentials = await missingCredentials(pubsub)
  if (noCredentials !== undefined) throw new SiteNotOpened(site.id, `${noCredentials} (${signInToGcp})`)
  // A database is there before a site is: reading from it says nothing.
  const deployed = await told(() => pubsub.subscription(deadLettersName).exists())
  if (deployed.is !== 'there' || !deployed.value[0]) {
    await pubsub.close()
    const why = deployed.is === 'unknown' ? deployed.reason : 'there is none'
    throw new SiteNotOpened(
      site.id,
      `its subscription ${deadLettersName} was not found in project ${projectId}: ${why}. Is the site deployed there?`,
    )
  }
  const firestore = createFirestore({ projectId })
  const letters = openPubSubLetters(site.id, projectId, pubsubEmulator)
  return {
    stores: gcpStores({ plan, site: site.id, firestore, pubsub, letters }),
    openWriter: type => createFirestoreWriter(new Firestore({ projectId }), type),
    clock: emulator ? undefined : 'https://firestore.googleapis.com',
    close: async () => void (await Promise.all([firestore.terminate(), pubsub.close(), letters.close()])),
  }
}
