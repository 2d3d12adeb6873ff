/**
 * How soon the local clouds hand things over. `fast`: as soon as they can, so that nobody waits for a test. `cloud`: after
 * the intervals and round trips of the real clouds (cloud-timing.ts), so that the lag is of the size it will be there.
 */
export const timings = ['fast', 'cloud'] as const

export type Timing = (typeof timings)[number]
