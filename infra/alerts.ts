/**
 * What somebody is told of, at which value, and who: one table for all three clouds. Each cloud turns a row into an
 * alert of its own monitoring (infra/<cloud>); a row is here only if its metric exists.
 *
 * Two kinds of metrics. `log`: counted or measured from the lines that the functions write (functions/common/log.ts),
 * the same on every cloud. `cloud`: what the cloud knows by itself; one that it does not offer has no alert there, and
 * its infrastructure says so by name.
 *
 * The figures are the objectives': replication lag for each tier, error rate, latency between sites, clock skew.
 */

/** A warning is for working hours; critical pages somebody. */
export type Severity = 'warning' | 'critical'

/** Who is told. Each is an address that the deployment gives. */
export const destinations = {
  channel: 'the team that runs Tributary, in working hours',
  'database-on-call': 'whoever is on call for the databases',
  security: 'the security team',
  operations: 'the operations of the business: stock, orders',
} as const
export type Destination = keyof typeof destinations

const cloudMetrics = {
  'function-error-percent': 'invocations of a function that failed, of all its invocations',
  'function-throttles': 'calls of a function that the cloud turned away',
  'capture-age-ms': 'how long the oldest write has waited for capture, or its sync record for publish',
  'forward-age-ms': 'how long the oldest change has waited for its peer on the bus',
  'put-off-age-ms': 'how long the oldest change has waited that forward put off beside the bus',
  'dead-letters': 'dead letters that wait for an operator',
  'given-up': 'batches that a trigger gave up, whose records only the feed still holds',
  'store-throttles': 'reads and writes of tables that the cloud turned away',
  'ingest-refusals': 'requests that ingest or its gateway answered with 4xx',
  'backup-failures': 'backups that failed or expired unfinished',
} as const
export type CloudMetric = keyof typeof cloudMetrics

export type Writer = 'capture' | 'publish' | 'forward' | 'ingest' | 'prune'

/** Lines are chosen by equal fields; a field of `null` is one that is there, whatever it holds. */
export interface LogMetric {
  readonly from: 'log'
  /** The functions that write such lines. */
  readonly by: readonly Writer[]
  readonly where: Readonly<Record<string, string | null>>
  /** The path of a number in the line. Absent: lines are counted. */
  readonly value?: string
  /** Over the window. */
  readonly statistic: 'sum' | 'maximum' | 'p95'
}

export interface NativeMetric {
  readonly from: 'cloud'
  readonly metric: CloudMetric
}

export interface Alert {
  /** In kebab case: part of the alert's name at every cloud. What is watched, and the severity. */
  readonly id: string
  /** What is watched: the same for both severities of it. */
  readonly watched: string
  readonly severity: Severity
  readonly to: Destination
  readonly metric: LogMetric | NativeMetric
  /** In the metric's unit: ms, percent, or a number of things. */
  readonly above: number
  /** How long a value is gathered before it is compared, in minutes. */
  readonly windowMinutes: number
  /** What it means for the user, and what to look at first. */
  readonly means: string
}

type Statistic = LogMetric['statistic']
const received = (value: string, statistic: Statistic): LogMetric => ({
  from: 'log',
  by: ['ingest'],
  where: { batch: 'received' },
  value,
  statistic,
})
const sent = (value: string, statistic: Statistic): LogMetric => ({
  from: 'log',
  by: ['forward'],
  where: { batch: 'sent' },
  value,
  statistic,
})
const count = (where: LogMetric['where'], ...by: readonly Writer[]): LogMetric => ({
  from: 'log',
  by,
  where,
  statistic: 'sum',
})
/** The replication lag of what had not come before. */
const lag = (tier: 1 | 2 | 3): LogMetric => received(`lagMsByTier.tier${tier}`, 'p95')
const native = (metric: CloudMetric): NativeMetric => ({ from: 'cloud', metric })

/** An hour's egress that no plan asked for: a loop, a load that nobody announced, or somebody else. */
const egressBytesPerHour = 10 * 2 ** 30

const hourMs = 3_600_000

interface Level {
  readonly above: number
  readonly to: Destination
}

interface Watched {
  readonly id: string
  readonly metric: Alert['metric']
  readonly windowMinutes: number
  readonly means: string
  readonly warning?: Level
  readonly critical?: Level
}

const channel = (above: number): Level => ({ above, to: 'channel' })
const databaseOnCall = (above: number): Level => ({ above, to: 'database-on-call' })
const security = (above: number): Level => ({ above, to: 'security' })

const watched: readonly Watched[] = [
  {
    id: 'lag-tier-1',
    metric: lag(1),
    windowMinutes: 5,
    means: 'Real-time data arrives late from a peer. See whether its express lane is down, then its forward.',
    warning: channel(1_000),
    critical: databaseOnCall(5_000),
  },
  {
    id: 'lag-tier-2',
    metric: lag(2),
    windowMinutes: 5,
    means: 'Data arrives late from a peer. See the age of what waits at the peer: capture, then forward.',
    warning: channel(10_000),
    critical: databaseOnCall(30_000),
  },
  {
    id: 'lag-tier-3',
    metric: lag(3),
    windowMinutes: 15,
    means: 'Batch data arrives late from a peer.',
    warning: channel(90_000),
    critical: databaseOnCall(300_000),
  },
  {
    id: 'capture-age',
    metric: native('capture-age-ms'),
    windowMinutes: 5,
    means: 'Writes of this site are not captured in time. Look at the errors and throttles of capture and publish.',
    warning: channel(10_000),
    critical: databaseOnCall(30_000),
  },
  {
    id: 'forward-age',
    metric: native('forward-age-ms'),
    windowMinutes: 5,
    means: 'Changes wait for a peer that is away, throttles or is paused. Nothing is lost until they outlive the bus.',
    warning: channel(10_000),
    critical: databaseOnCall(30_000),
  },
  {
    id: 'put-off-age',
    metric: native('put-off-age-ms'),
    windowMinutes: 15,
    means:
      'Changes of a paused data type, or for a peer with another plan, wait. After 14 days they are dropped: resume.',
    warning: channel(24 * hourMs),
    critical: databaseOnCall(7 * 24 * hourMs),
  },
  {
    id: 'function-errors',
    metric: native('function-error-percent'),
    windowMinutes: 5,
    means: 'Invocations fail as a whole and are tried again. The log of the function has a line with the reason.',
    warning: channel(0.5),
    critical: databaseOnCall(1),
  },
  {
    id: 'function-throttles',
    metric: native('function-throttles'),
    windowMinutes: 5,
    means: 'The cloud runs no more instances of a function. Raise its limit or the quota of the account.',
    warning: channel(0),
  },
  {
    id: 'store-throttles',
    metric: native('store-throttles'),
    windowMinutes: 5,
    means: 'A table turns reads or writes away, perhaps also those of applications.',
    warning: channel(100),
  },
  {
    id: 'latency-between-sites',
    metric: sent('tookMs', 'p95'),
    windowMinutes: 5,
    means: 'A peer takes long to answer a batch: the way to it, its ingest or its store.',
    warning: channel(300),
    critical: databaseOnCall(500),
  },
  {
    id: 'clock-ahead',
    metric: received('aheadMs', 'maximum'),
    windowMinutes: 5,
    means: 'The clock of a peer is ahead of this one. Beyond 10 s its changes wait in quarantine.',
    warning: channel(500),
    critical: databaseOnCall(1_000),
  },
  {
    id: 'quarantine',
    metric: received('answers.quarantined', 'sum'),
    windowMinutes: 5,
    means: 'Changes with an unbelievable clock wait. Set the clock right: they go on by themselves.',
    warning: channel(0),
  },
  {
    id: 'dead-letter',
    metric: count({ deadLetter: null }, 'capture', 'publish', 'forward'),
    windowMinutes: 5,
    means: 'A write or a change cannot be processed as it is, and waits whole. `tributary dead-letters` says why.',
    warning: channel(0),
  },
  {
    id: 'dead-letters-waiting',
    metric: native('dead-letters'),
    windowMinutes: 60,
    means: 'Dead letters wait for an operator.',
    warning: channel(0),
  },
  {
    id: 'given-up',
    metric: native('given-up'),
    windowMinutes: 5,
    means: 'A trigger gave a batch up. Its records are in the feed for an hour more: replay them now.',
    critical: databaseOnCall(0),
  },
  {
    id: 'stock-exceeded',
    metric: count({ incident: 'stock_exceeded' }, 'publish', 'ingest'),
    windowMinutes: 5,
    means: 'Sites accepted more than there is: a reservation was rejected. The audit names it.',
    critical: { above: 0, to: 'operations' },
  },
  {
    id: 'stock-short',
    metric: count({ incident: 'stock_short' }, 'publish', 'ingest'),
    windowMinutes: 5,
    means: 'Stock was taken away below what is promised: available is negative. The audit names the record.',
    critical: { above: 0, to: 'operations' },
  },
  {
    id: 'reservation-revoked',
    metric: count({ incident: 'reservation_revoked' }, 'publish', 'ingest'),
    windowMinutes: 5,
    means: 'A reservation that was accepted is taken back, as the declaration says for a shortage. The audit names it.',
    critical: { above: 0, to: 'operations' },
  },
  {
    id: 'signing-key',
    metric: count({ level: 'error', error: 'SigningKeyUnavailable' }, 'capture', 'forward', 'ingest', 'prune'),
    windowMinutes: 5,
    means: 'A function gets no signature from the root key: a rotation that failed, or a permission that is gone.',
    critical: security(0),
  },
  {
    id: 'ingest-refusals',
    metric: native('ingest-refusals'),
    windowMinutes: 5,
    means: 'Requests without a valid signature, or too many of them: a peer with another key, or a stranger.',
    warning: security(100),
  },
  {
    id: 'egress',
    metric: sent('bytes', 'sum'),
    windowMinutes: 60,
    means: 'Far more leaves this site than usual, before compression.',
    warning: channel(egressBytesPerHour),
  },
  {
    id: 'backup',
    metric: native('backup-failures'),
    windowMinutes: 60,
    means: 'The daily backup of a table failed. Point-in-time recovery still reaches back 35 days on AWS.',
    critical: databaseOnCall(0),
  },
]

/** No alert comes of it: how much arrives, for dashboards. */
export const arrivals: LogMetric = received('changes', 'sum')

/** One row for each level of each thing that is watched. */
export const alerts: readonly Alert[] = watched.flatMap(({ warning, critical, ...row }) => [
  ...alertAt(row, 'warning', warning),
  ...alertAt(row, 'critical', critical),
])

function alertAt(
  { id, ...row }: Omit<Watched, 'warning' | 'critical'>,
  severity: Severity,
  level: Level | undefined,
): readonly Alert[] {
  return level ? [{ ...row, ...level, watched: id, id: `${id}-${severity}`, severity }] : []
}
