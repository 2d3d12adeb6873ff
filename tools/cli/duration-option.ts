/** `10m`, `24h`: how long, as people type it. */
import { InvalidArgumentError } from 'commander'

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export function durationMs(text: string): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('a number and s, m, h or d, such as 24h')
  return Number(count) * (unitsMs[unit] ?? 0)
}
