/** How long a request and its answer are on the way between two sites in the real clouds, in ms, the work aside. */
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import { cloudTiming } from './cloud-timing.ts'

const { roundTripsMs, roundTripWithinCloudMs, roundTripBetweenCloudsMs } = cloudTiming

export function roundTripMs(a: SitePlan, b: SitePlan): number {
  const places = [placeOf(a), placeOf(b)]
  const known = roundTripsMs.find(([one, other]) => places.includes(one) && places.includes(other))
  if (known) return known[2]
  return a.cloud === b.cloud ? roundTripWithinCloudMs : roundTripBetweenCloudsMs
}

const placeOf = ({ cloud, region }: SitePlan) => `${cloud}/${region}`
