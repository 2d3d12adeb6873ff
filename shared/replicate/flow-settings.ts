/**
 * What may travel from a site to one peer now, and how fast? An operator says so while functions run: a peer that is being
 * repaired gets nothing, a type whose merge is in doubt stays where it is, a small account takes only so much a second.
 *
 * A pause has an end, always: a bus keeps what waits for days, not for ever, and a pause that somebody forgot would lose
 * writes in silence.
 */
import * as z from '../document/schema.ts'

export interface FlowSettings {
  /** By data type, or `everyType`: until when it is held back, in ms since 1970 by this site's clock. */
  readonly pausedUntilMs: Readonly<Record<string, number>>
  /** Of every running instance of forward; undefined: as fast as it can. */
  readonly changesPerSecond?: number | undefined
}

/** Stands for all data types; no type has this name. */
export const everyType = '*'

export const openFlow: FlowSettings = { pausedUntilMs: {} }

/** Less than any bus keeps a message: Pub/Sub has seven days. */
export const pauseMsMax = 6 * 86_400_000

export const flowSettings = z.object({
  pausedUntilMs: z.record(z.string(), z.number()),
  changesPerSecond: z.optional(z.number().check(z.positive())),
})

export function flowText(settings: FlowSettings): string {
  return JSON.stringify(settings)
}

/** Throws for a text that `flowText` did not write; `undefined` is a flow that nobody ever touched. */
export function readFlow(text: string | undefined): FlowSettings {
  return text === undefined ? openFlow : flowSettings.parse(JSON.parse(text))
}

/** Until when changes of this type wait; undefined: they may go. */
export function heldUntilMs({ pausedUntilMs }: FlowSettings, type: string, nowMs: number): number | undefined {
  const untilMs = Math.max(pausedUntilMs[type] ?? 0, pausedUntilMs[everyType] ?? 0)
  return untilMs > nowMs ? untilMs : undefined
}

/** `type`: a data type or `everyType`. What is over is forgotten on the way. */
export function paused(settings: FlowSettings, type: string, untilMs: number, nowMs: number): FlowSettings {
  return { ...settings, pausedUntilMs: { ...stillPaused(settings, nowMs), [type]: untilMs } }
}

/** `everyType` ends every pause. */
export function resumed(settings: FlowSettings, type: string, nowMs: number): FlowSettings {
  if (type === everyType) return { ...settings, pausedUntilMs: {} }
  const { [type]: _, ...others } = stillPaused(settings, nowMs)
  return { ...settings, pausedUntilMs: others }
}

export function stillPaused({ pausedUntilMs }: FlowSettings, nowMs: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(pausedUntilMs).filter(([, untilMs]) => untilMs > nowMs))
}
