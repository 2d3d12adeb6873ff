/** How long things wait and are kept, and how that fits together. */
import { Duration } from 'aws-cdk-lib'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'

/** Of the stream of changes: how long a peer may be away. (A DynamoDB stream always keeps 24 hours.) */
export const changeRetention = Duration.days(7)

/** Of a Kinesis stream that a table feeds: no less than a DynamoDB stream keeps. */
export const feedRetention = Duration.hours(24)

/**
 * A trigger gives a batch up this long after it was written, and says so, instead of letting the stream drop it
 * without a word. The hour between is for the operator: the notice names the records, and only the stream has them.
 */
export const giveUpWritesAfter = Duration.hours(23)
export const giveUpChangesAfter = Duration.hours(7 * 24 - 1)

/** The most that SQS offers. */
export const deadLetterRetention = Duration.days(14)

/** How long SQS goes on with one data key: fewer calls of KMS, and as long readable after the key is disabled. */
export const dataKeyReuse = Duration.hours(1)

export const logRetention = RetentionDays.ONE_MONTH
