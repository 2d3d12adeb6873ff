/**
 * List prices in USD, the larger American regions, without free tiers and discounts. One table, so that one look tells what
 * is out of date.
 *
 * The address before a row is the vendor's own page, which says what holds today; those pages fill their figures in by script, so they were
 * not read by a machine. Each figure was compared on the date below with what others have written down of it (named behind
 * the address where they are few). Look a price up before you rely on it.
 */
export const pricesAsOf = '2026-11-29'

const million = 1e6

export const awsPrices = {
  /**
   * aws.amazon.com/dynamodb/pricing: on demand (airbyte.com/data-engineering-resources/dynamodb-pricing). A unit reads 4 KB
   * strongly, or writes 1 KB; a transaction takes two.
   */
  readUnit: 0.125 / million,
  writeUnit: 0.625 / million,
  /** aws.amazon.com/kinesis/data-streams/pricing: on demand; a record counts in whole KB. Written of as 0.04 an hour, 0.08 in, 0.04 out. */
  streamHour: 0.04,
  streamInGb: 0.08,
  streamOutGb: 0.04,
  /** The same page: beyond the first 24 hours, for a month. Not confirmed by anybody else. */
  streamKeptGbMonth: 0.1,
  /** aws.amazon.com/lambda/pricing: arm64, the first step; billed by the ms. Confirmed many times. */
  invocation: 0.2 / million,
  gbSecond: 0.0000133334,
  /** aws.amazon.com/api-gateway/pricing and /waf/pricing: a request to a REST API (confirmed many times), and past a firewall. */
  apiRequest: 3.5 / million,
  firewallRequest: 0.6 / million,
  /** aws.amazon.com/cloudwatch/pricing. */
  logGb: 0.5,
  /** aws.amazon.com/ec2/pricing/on-demand, data transfer: to the internet, the first step; between regions of AWS. */
  egressGb: 0.09,
  regionGb: 0.02,
} as const

export const gcpPrices = {
  /** cloud.google.com/firestore/pricing: Standard, a region such as us-central1 (airbyte.com/data-engineering-resources/google-firestore-pricing). */
  read: 0.03 / 1e5,
  write: 0.09 / 1e5,
  /** cloud.google.com/pubsub/pricing: 40 a TiB each way (confirmed many times); a message counts as 1 KB at least. */
  messageGb: 40 / 1024,
  /** cloud.google.com/run/pricing: billed by request, a first-tier region. Confirmed many times. */
  invocation: 0.4 / million,
  vcpuSecond: 0.000024,
  gbSecond: 0.0000025,
  /** The same page: "Billable instance time is rounded up to the nearest 100 milliseconds". */
  leastSeconds: 0.1,
  /** cloud.google.com/stackdriver/pricing, cloud.google.com/vpc/network-pricing: premium tier, the first step. */
  logGb: 0.5,
  egressGb: 0.12,
} as const

export const azurePrices = {
  /** azure.microsoft.com/pricing/details/cosmos-db: serverless. Confirmed many times. */
  requestUnit: 0.25 / million,
  /** azure.microsoft.com/pricing/details/storage/queues: locally redundant; for the three zones that are deployed no figure was found. */
  queueOperation: 0.004 / 1e4,
  /** azure.microsoft.com/pricing/details/functions: Flex Consumption, on demand (modal.com/blog/azure-function-pricing-guide). */
  invocation: 0.4 / million,
  gbSecond: 0.000026,
  /** learn.microsoft.com/azure/azure-functions/flex-consumption-plan: "The minimum billable execution period for both execution modes is 1,000 ms". */
  leastSeconds: 1,
  /** azure.microsoft.com/pricing/details/monitor (confirmed many times) and /bandwidth. */
  logGb: 2.3,
  egressGb: 0.087,
} as const
