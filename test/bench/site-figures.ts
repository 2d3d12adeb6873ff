/** What every site says of itself and its workers, at this moment. */
import type { RunningClouds } from '../../tools/cli/running-clouds.ts'
import type { SiteFigures } from '../../tools/local/site-figures.ts'

/**
 * In the order of the plan. `collected`: heaps without garbage. Both ends are of one version, so that the answers are what
 * they say.
 */
export function readFigures(
  clouds: RunningClouds,
  collected = false,
): Promise<readonly { readonly site: string; readonly figures: SiteFigures }[]> {
  return Promise.all(
    clouds.plan.sites.map(async ({ id }) => ({
      site: id,
      figures: (await clouds.ask(id, { ask: 'figures', collected })) as SiteFigures,
    })),
  )
}
