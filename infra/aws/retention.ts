/** How long things wait and are kept, and how that fits together. */
import { Duration } from 'aws-cdk-lib'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'

/** Of a DynamoDB stream always; of the stream of changes by choice, so that the whole path has one limit. */
export const streamRetention = Duration.hours(24)

/**
 * A trigger gives a batch up this long after it was written, and says so, instead of letting the stream drop it
 * without a word. The hour between is for the operator: the notice names the records, and only the stream has them.
 */
export const giveUpAfter = Duration.hours(23)

/** The most that SQS offers. */
export const deadLetterRetention = Duration.days(14)

export const logRetention = RetentionDays.ONE_MONTH
