/** A clock that stands still until it is moved; sleeping moves it. */
import type { Clock } from '../index.ts'

export class MemoryClock implements Clock {
  nowMs: number

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  now(): number {
    return this.nowMs
  }

  sleep(ms: number): Promise<void> {
    this.nowMs += ms
    return Promise.resolve()
  }
}
