/**
 * The clock of a site's functions, which can be set wrong to see what comes of it: all their threads read one number in
 * shared memory and add it to the machine's time, as if they ran on a machine whose clock is off. Nothing in a bundle
 * knows of it. (`Date.now()` and `new Date()` alike: clients reckon deadlines with both. The stores keep the machine's time,
 * as a cloud's stores have clocks of their own.)
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'

const name = 'tributary-clock-ahead-ms'

/** Of this process: a host process has one site. Its threads get the same memory. */
function shared(): Float64Array {
  const known = getEnvironmentData(name)
  if (known instanceof SharedArrayBuffer) return new Float64Array(known)
  const memory = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)
  setEnvironmentData(name, memory)
  return new Float64Array(memory)
}

/** To be called before the first function of the site is started. */
export function openSiteClock(): void {
  shared()
}

export function setClockAhead(ms: number): void {
  shared()[0] = ms
}

export function clockAheadMs(): number {
  return shared()[0] ?? 0
}

/** Inside a function's thread. */
export function keepSiteTime(): void {
  const machine = Date.now
  const ahead = shared()
  const now = () => machine() + (ahead[0] ?? 0)
  Date.now = now
  globalThis.Date = new Proxy(Date, {
    construct: (date, parameters, made) =>
      Reflect.construct(date, parameters.length === 0 ? [now()] : parameters, made),
    apply: date => new date(now()).toString(),
  })
}
