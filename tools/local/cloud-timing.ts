/**
 * How long do the real clouds take to hand something over? The one table behind `--timing cloud`; docs/latency.md has the
 * same figures with their sources, and a test compares the two.
 *
 * What a deployment sets itself is not repeated here but read where it is set: `feedPollDelay` as the function declares it
 * (functions/azure/feed-trigger.ts), `maxPollingInterval` in functions/azure/host.json.
 */
export const cloudTiming = {
  aws: {
    /** Lambda reads each shard of a DynamoDB stream 4 times a second. */
    dynamoDbStreamMs: 250,
    /** Lambda reads each shard of a Kinesis stream once a second, unless it has enhanced fan-out: infra/aws sets none. */
    kinesisMs: 1_000,
  },
  gcp: {
    /** Pub/Sub: "on the order of 100 milliseconds". */
    pubSubMs: 100,
    /** An assumption: Google publishes no figure. Eventarc's transport is Pub/Sub. */
    firestoreEventMs: 100,
  },
  azure: {
    /** The host's first wait after a look into a Storage queue that found nothing; it doubles up to its maximum. */
    queueFirstMs: 100,
  },
  /** There and back, by cloud and region, in no order of the two. */
  roundTripsMs: [
    ['aws/us-east-1', 'gcp/us-central1', 15],
    ['gcp/us-central1', 'azure/eastus', 22],
    ['aws/us-east-1', 'azure/eastus', 30],
  ],
  /** Between any other regions of one cloud: 50 to 150 ms across an ocean or a continent. */
  roundTripWithinCloudMs: 80,
  /** Between any other regions of two clouds. */
  roundTripBetweenCloudsMs: 30,
} as const
