/** Cloud timing waits what docs/latency.md says the clouds wait, and what the deployed functions ask them to wait. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { feedTrigger } from '../../functions/azure/feed-trigger.ts'
import type { SitePlan, Tier } from '../../shared/declare/sync-plan.ts'
import plan from '../../sync.config.ts'
import { parseHostSettings } from '../../tools/local/azure/host-settings.ts'
import { cloudTiming } from '../../tools/local/cloud-timing.ts'
import { roundTripMs } from '../../tools/local/round-trip.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const latency = read('docs/latency.md')

function feedPollDelayMs(tier: Tier): number {
  const [type] = plan.types
  if (!type) throw new Error('the plan has no type')
  return feedTrigger({ ...type, tier }, 'capture').feedPollDelay
}

const { aws, gcp, azure } = cloudTiming
const { maxPollingIntervalMs } = parseHostSettings(JSON.parse(read('functions/azure/host.json'))).queues
const ms = (value: number) => value.toLocaleString('en-US')

const hops: readonly (readonly [hop: string, wait: string])[] = [
  ['DynamoDB stream to Lambda', `read every ${ms(aws.dynamoDbStreamMs)} ms`],
  ['Kinesis to Lambda', `read every ${ms(aws.kinesisMs)} ms`],
  ['Firestore to a function', `${ms(gcp.firestoreEventMs)} ms`],
  ['Pub/Sub to a function', `${ms(gcp.pubSubMs)} ms`],
  ['Cosmos change feed', `${[1, 2, 3].map(tier => ms(feedPollDelayMs(tier as Tier))).join(', ')} ms`],
  ['Storage queue', `${ms(azure.queueFirstMs)} ms, doubled up to ${ms(maxPollingIntervalMs)} ms`],
]

test.each(hops)('docs/latency.md says of the hop "%s" what cloud timing waits: %s', (hop, wait) => {
  const row = latency.split('\n').find(line => line.startsWith(`| ${hop}`))
  expect(row, 'the row of the hop').toBeDefined()
  expect(row).toContain(`| ${wait}`)
})

test('docs/latency.md names every round trip', () => {
  const named = cloudTiming.roundTripsMs.map(([a, b, roundTrip]) => `${cloudOf(a)}-${cloudOf(b)} ${roundTrip} ms`)
  named.push(`${cloudTiming.roundTripWithinCloudMs} ms between two regions of one cloud`)
  named.push(`${cloudTiming.roundTripBetweenCloudsMs} ms between any others`)
  for (const text of named) expect(latency).toContain(text)
})

const clouds: Readonly<Record<string, string>> = { aws: 'AWS', gcp: 'GCP', azure: 'Azure' }
const cloudOf = (place: string) => clouds[place.split('/')[0] ?? '']

const virginia: SitePlan = { id: 'a', cloud: 'aws', region: 'us-east-1' }
const iowa: SitePlan = { id: 'g', cloud: 'gcp', region: 'us-central1' }
const eastUs: SitePlan = { id: 'z', cloud: 'azure', region: 'eastus' }
const frankfurt: SitePlan = { id: 'f', cloud: 'aws', region: 'eu-central-1' }

test.each([
  ['AWS and Google Cloud', virginia, iowa, 15],
  ['Google Cloud and Azure', iowa, eastUs, 22],
  ['AWS and Azure', virginia, eastUs, 30],
  ['two regions of one cloud', virginia, frankfurt, 80],
  ['a pair of clouds in regions that are in no table', frankfurt, iowa, 30],
] as const)('the round trip between %s is the same both ways', (_, a, b, expected) => {
  expect([roundTripMs(a, b), roundTripMs(b, a)]).toEqual([expected, expected])
})
