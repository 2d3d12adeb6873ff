/** The official client of every site in an endpoints file. */
import { readFile } from 'node:fs/promises'
import type { SiteEndpoints } from '../local-site.ts'
import type { ApplicationClient } from './application-client.ts'
import { createAwsClient } from './aws-client.ts'
import { createAzureClient } from './azure-client.ts'
import { createGcpClient } from './gcp-client.ts'

export async function openClients(endpointsFile: string): Promise<readonly ApplicationClient[]> {
  const sites = await readEndpoints(endpointsFile)
  return Object.entries(sites).map(([site, endpoints]) => {
    if (endpoints.cloud === 'aws') return createAwsClient(site, endpoints)
    if (endpoints.cloud === 'gcp') return createGcpClient(site, endpoints)
    return createAzureClient(site, endpoints)
  })
}

export async function readEndpoints(endpointsFile: string): Promise<Readonly<Record<string, SiteEndpoints>>> {
  return JSON.parse(await readFile(endpointsFile, 'utf8'))
}
