/** What all local triggers have in common, towards whoever starts them. */
import type { DeliveryFaults } from '../runtime/delivery-faults.ts'
import type { FunctionMetadata } from './function-metadata.ts'
import type { FunctionApp } from './functions-host.ts'
import type { TriggerPace } from './trigger-pace.ts'

export interface Trigger {
  /** The functions it invokes. */
  readonly functions: readonly string[]
  status(): TriggerStatus
  /** Takes nothing new and waits for what is in flight. What was held back stays where it came from. */
  stop(): Promise<void>
}

export interface TriggerStatus {
  /** Age of the oldest change or message in work, ms; absent while nothing is, and for HTTP. */
  readonly lagMs?: number
  /** The last thing that went wrong, in a function or in reaching its source. */
  readonly lastError: string | undefined
  /** How often something went wrong since the start. */
  readonly failures: number
}

export interface TriggerOptions {
  readonly app: FunctionApp
  readonly fn: FunctionMetadata
  /** Read at every delivery; a test may change them meanwhile. */
  readonly faults: DeliveryFaults
  readonly pace: TriggerPace
  readonly onLog: (line: string) => void
}
