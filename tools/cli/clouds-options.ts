/** Which sites a command works on: those of the local clouds unless `--accounts` says otherwise. */
import type { Command } from 'commander'
import { accountClouds } from '../accounts/account-clouds.ts'
import type { Clouds } from './clouds.ts'
import { runningClouds } from './running-clouds.ts'
import { addDeploymentOptions, type DeploymentOptions, declarationIn, variablesAt } from './site-options.ts'

export interface CloudsOptions extends DeploymentOptions {
  readonly accounts: boolean
}

export function addCloudsOptions(command: Command): Command {
  command.option('--accounts', 'the deployed sites in their accounts, instead of the local clouds', false)
  return addDeploymentOptions(command, 'with --accounts: ')
}

/** What it opens is closed when `work` is done, or has failed. */
export async function withClouds<Result>(
  options: CloudsOptions,
  work: (clouds: Clouds) => Promise<Result>,
): Promise<Result> {
  const clouds = options.accounts ? await cloudsInAccounts(options) : await runningClouds()
  try {
    return await work(clouds)
  } finally {
    await clouds.close()
  }
}

async function cloudsInAccounts(options: DeploymentOptions): Promise<Clouds> {
  const plan = await declarationIn(options.config)
  return accountClouds({ plan, variablesOf: site => variablesAt(options, site), environment: process.env })
}
