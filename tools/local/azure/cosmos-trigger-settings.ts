/** What `app.cosmosDB` declares, with the extension's defaults (Microsoft.Azure.WebJobs.Extensions.CosmosDB 4). */
import { z } from 'zod'

export const cosmosTriggerSchema = z
  .object({
    connection: z.string().min(1),
    databaseName: z.string().min(1),
    containerName: z.string().min(1),
    leaseConnection: z.string().optional(),
    leaseDatabaseName: z.string().optional(),
    leaseContainerName: z.string().default('leases'),
    leaseContainerPrefix: z.string().default(''),
    createLeaseContainerIfNotExists: z.boolean().default(false),
    /** Wait after a poll that found nothing, ms. */
    feedPollDelay: z.number().int().positive().default(5_000),
    maxItemsPerInvocation: z.number().int().positive().default(100),
    startFromBeginning: z.boolean().default(false),
    startFromTime: z.iso.datetime().optional(),
    changeFeedMode: z.enum(['LatestVersion', 'AllVersionsAndDeletes']).default('LatestVersion'),
  })
  .refine(
    ({ changeFeedMode, startFromBeginning, startFromTime }) =>
      changeFeedMode === 'LatestVersion' || (!startFromBeginning && !startFromTime),
    'AllVersionsAndDeletes starts now: it knows neither startFromBeginning nor startFromTime',
  )

export type CosmosTriggerSettings = z.infer<typeof cosmosTriggerSchema>
