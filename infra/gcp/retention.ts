/** How long things wait and are kept. Google Cloud writes durations in seconds: `604800s`. */

const day = 24 * 3600

export function seconds(count: number): string {
  return `${count}s`
}

/** Of a peer's subscription: how long a peer may be away. The same on AWS. */
export const changeRetention = seconds(7 * day)

/** The longest that a subscription keeps what nobody has taken. */
export const deadLetterRetention = seconds(31 * day)

export const backupRetention = seconds(14 * day)

export const keyRotation = seconds(90 * day)

export const logRetentionDays = 30
