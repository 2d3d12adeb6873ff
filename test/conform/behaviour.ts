/**
 * What is asked of a service? A behaviour that Tributary stands on, in a form that runs against anything which speaks the
 * service's protocol: a local server of ours, an emulator, a cloud account. One suite a service, one list of behaviours
 * each, and the official client between.
 */
import type { Environment } from '../../tools/local/replaced-endpoints.ts'

export interface Behaviour<Target> {
  /** What is asked, as a row of the table names it. */
  readonly name: string
  /** What must come of it. */
  readonly expected: string
  /** What of Tributary breaks where it does not hold. */
  readonly why: string
  /** Rejects with what was seen instead; with `NotAsked` where this target gives no way to ask. */
  run(target: Target): Promise<void>
}

export type Row = Omit<Behaviour<never>, 'run'>

/** This target cannot be asked: neither passed nor failed. */
export class NotAsked extends Error {}

/** What a suite gets to work with. */
export interface Bench {
  /** Endpoints and credentials, in the clouds' own variables. */
  readonly environment: Environment
  /** Starts the name of everything that is created; not used before. */
  readonly prefix: string
  /**
   * Called before something is created, with its kind and name, and how it is removed. The last is removed first. To
   * remove what is not there (it was never made, or went with another) is no error.
   */
  created(what: string, remove: () => Promise<void>): void
  /** Local servers only: makes the server throttle until it is called with false. */
  readonly throttle?: (on: boolean) => void
}

export interface OpenSuite {
  readonly runs: ReadonlyMap<string, () => Promise<void>>
  /** Closes the clients; what was created is removed before, by who called `open`. */
  close(): Promise<void>
}

export interface Suite {
  readonly service: string
  /** npm packages of the official clients, whose versions the table shows. */
  readonly clients: readonly string[]
  /** What it makes in a real account, and what that costs. */
  readonly creates: string
  readonly rows: readonly Row[]
  open(bench: Bench): Promise<OpenSuite>
}

export interface SuiteDefinition<Target extends { close(): Promise<void> }> extends Omit<Suite, 'rows' | 'open'> {
  readonly behaviours: readonly Behaviour<Target>[]
  /** Creates what the behaviours need, and opens the clients. */
  prepare(bench: Bench): Promise<Target>
}

/** A suite whose target type only its own behaviours know. */
export function defineSuite<Target extends { close(): Promise<void> }>(definition: SuiteDefinition<Target>): Suite {
  const { behaviours, prepare, service, clients, creates } = definition
  return {
    service,
    clients,
    creates,
    rows: behaviours,
    async open(bench) {
      const target = await prepare(bench)
      return {
        runs: new Map(behaviours.map(behaviour => [behaviour.name, () => behaviour.run(target)])),
        close: () => target.close(),
      }
    },
  }
}
