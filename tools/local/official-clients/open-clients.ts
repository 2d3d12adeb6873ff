/**
 * The official client of every site in an endpoints file. Each cloud's SDK is loaded when a site needs it: together they
 * take a second, and most commands use none of them.
 */
import { readFile } from 'node:fs/promises'
import type { SiteEndpoints } from '../local-site.ts'
import type { ApplicationClient } from './application-client.ts'

export async function openClients(endpointsFile: string): Promise<readonly ApplicationClient[]> {
  const sites = await readEndpoints(endpointsFile)
  return Promise.all(Object.entries(sites).map(([site, endpoints]) => openClient(site, endpoints)))
}

async function openClient(site: string, endpoints: SiteEndpoints): Promise<ApplicationClient> {
  switch (endpoints.cloud) {
    case 'aws':
      return (await import('./aws-client.ts')).createAwsClient(site, endpoints)
    case 'gcp':
      return (await import('./gcp-client.ts')).createGcpClient(site, endpoints)
    case 'azure':
      return (await import('./azure-client.ts')).createAzureClient(site, endpoints)
  }
}

export async function readEndpoints(endpointsFile: string): Promise<Readonly<Record<string, SiteEndpoints>>> {
  return JSON.parse(await readFile(endpointsFile, 'utf8'))
}
