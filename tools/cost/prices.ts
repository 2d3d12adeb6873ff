/**
 * List prices in USD, the larger American regions, without free tiers and discounts. Noted by hand, not fetched: look them up before
 * you rely on a figure. One table, so that one look tells what is out of date.
 */
export const pricesAsOf = '2026-11'

const million = 1e6

export const awsPrices = {
  /** aws.amazon.com/dynamodb/pricing: on demand. A unit reads 4 KB strongly, or writes 1 KB; a transaction takes two. */
  readUnit: 0.125 / million,
  writeUnit: 0.625 / million,
  /** aws.amazon.com/kinesis/data-streams/pricing: on demand; a record counts in whole KB. */
  streamHour: 0.04,
  streamInGb: 0.08,
  streamOutGb: 0.04,
  /** Beyond the first 24 hours, for a month. */
  streamKeptGbMonth: 0.1,
  /** aws.amazon.com/lambda/pricing: arm64. */
  invocation: 0.2 / million,
  gbSecond: 0.0000133334,
  /** aws.amazon.com/api-gateway/pricing and /waf/pricing: a request to a REST API, and past a firewall. */
  apiRequest: 3.5 / million,
  firewallRequest: 0.6 / million,
  /** aws.amazon.com/cloudwatch/pricing. */
  logGb: 0.5,
  egressGb: 0.09,
  /** Between regions of AWS. */
  regionGb: 0.02,
} as const

export const gcpPrices = {
  /** cloud.google.com/firestore/pricing: a region such as us-central1. */
  read: 0.03 / 1e5,
  write: 0.09 / 1e5,
  /** cloud.google.com/pubsub/pricing: each way; a message counts as 1 KB at least. */
  messageGb: 40 / 1024,
  /** cloud.google.com/run/pricing: billed by request. */
  invocation: 0.4 / million,
  vcpuSecond: 0.000024,
  gbSecond: 0.0000025,
  logGb: 0.5,
  egressGb: 0.12,
} as const

export const azurePrices = {
  /** azure.microsoft.com/pricing/details/cosmos-db: serverless. */
  requestUnit: 0.25 / million,
  /** azure.microsoft.com/pricing/details/storage/queues: locally redundant. */
  queueOperation: 0.004 / 1e4,
  /** azure.microsoft.com/pricing/details/functions: Flex Consumption, on demand. */
  invocation: 0.4 / million,
  gbSecond: 0.000026,
  logGb: 2.3,
  egressGb: 0.087,
} as const
