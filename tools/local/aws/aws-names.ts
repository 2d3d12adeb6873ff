/** The names that AWS gives to things, for the one account that the local cloud knows. */

export const LOCAL_ACCOUNT_ID = '000000000000'

/** `arn:aws:lambda:<region>:<account>:function:<name>`. */
export function functionArn(region: string, name: string): string {
  return `arn:aws:lambda:${region}:${LOCAL_ACCOUNT_ID}:function:${name}`
}

/** The ARN of a queue of the local SQS. */
export function queueArn(region: string, name: string): string {
  return `arn:aws:sqs:${region}:${LOCAL_ACCOUNT_ID}:${name}`
}

/** The ARN of a stream of the local Kinesis. */
export function kinesisStreamArn(region: string, streamName: string): string {
  return `arn:aws:kinesis:${region}:${LOCAL_ACCOUNT_ID}:stream/${streamName}`
}
