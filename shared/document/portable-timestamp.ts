/**
 * A point in time as text, in the one form that protobuf gives it in JSON: `2026-11-20T10:00:00.123456Z`, UTC, with 0, 3,
 * 6 or 9 digits after the second. (https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp)
 */

/** Years 1 to 9999, as protobuf has them. */
const secondsMin = -62_135_596_800
const secondsMax = 253_402_300_799

const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{3}|\d{6}|\d{9}))?Z$/

/** Whole seconds since 1970 and the nanoseconds after them. */
export interface PointInTime {
  readonly seconds: number
  readonly nanoseconds: number
}

export function timestampText({ seconds, nanoseconds }: PointInTime): string {
  const toTheSecond = new Date(seconds * 1000).toISOString().slice(0, 19)
  const digits = String(nanoseconds)
    .padStart(9, '0')
    .replace(/(?:000){1,3}$/, '')
  return `${toTheSecond}${digits === '' ? '' : `.${digits}`}Z`
}

export function isTimestamp(text: string): boolean {
  return pointInTime(text) !== undefined
}

/** Undefined for what is no point in time in its one form. */
export function pointInTime(text: string): PointInTime | undefined {
  const [, toTheSecond, fraction = ''] = form.exec(text) ?? []
  const seconds = toTheSecond === undefined ? Number.NaN : Date.parse(`${toTheSecond}Z`) / 1000
  if (!(seconds >= secondsMin && seconds <= secondsMax)) return undefined
  const point = { seconds, nanoseconds: Number(fraction.padEnd(9, '0')) }
  // A 30th of February reads as a day in March.
  return timestampText(point) === text ? point : undefined
}
