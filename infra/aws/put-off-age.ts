/**
 * How long what forward put off has waited, as forward tells of what comes back to it (`logPutOff`). CloudWatch has no such
 * figure: a message that was received three times is left out of its queue's `ApproximateAgeOfOldestMessage`.
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html)
 */
import type { LogMetric } from '../alerts.ts'

export const putOffAge: LogMetric = {
  from: 'log',
  by: ['forward'],
  where: { putOff: 'waits on' },
  value: 'oldestMs',
  statistic: 'maximum',
}
