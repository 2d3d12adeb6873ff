/** Which account a command works in, in words: whoever removes something sees first where. */
import { z } from 'zod'
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import type { SiteAccount } from '../accounts/site-account.ts'

export async function accountWords({ cloud, access }: SiteAccount, { region }: SitePlan): Promise<string> {
  if (access?.isLocal) return 'the local clouds'
  switch (cloud) {
    case 'aws': {
      const asked = await access.command(['sts', 'get-caller-identity'], z.object({ Account: z.string() }))
      return `AWS account ${asked.is === 'there' ? asked.value.Account : '(not told)'}, ${region}`
    }
    case 'gcp':
      return `project ${access?.project}`
    case 'azure':
      return `Cosmos DB at ${access.endpoint}`
  }
}
