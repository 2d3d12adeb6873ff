/** Times travel as proto timestamps and are compared as microseconds since 1970: Firestore keeps no finer ones. */
import type { Timestamp } from './values.ts'

const microsPerSecond = 1_000_000n

export function microsToTimestamp(micros: bigint): Timestamp {
  const seconds = micros >= 0n ? micros / microsPerSecond : (micros - microsPerSecond + 1n) / microsPerSecond
  return { seconds: String(seconds), nanos: Number(micros - seconds * microsPerSecond) * 1000 }
}

/** Rounds down to the microsecond, as Firestore does with the timestamps that it stores. */
export function timestampToMicros(time: Timestamp): bigint {
  return BigInt(time.seconds) * microsPerSecond + BigInt(Math.floor(time.nanos / 1000))
}
