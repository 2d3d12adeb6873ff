/** The options by which commands say which audit entries they mean. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { keyFromText } from '../../shared/replicate/record-ref.ts'
import { type Clouds, CommandFailed, requireSite } from './clouds.ts'
import type { AuditQuestion } from './read-audit.ts'
import { momentMs } from './time-option.ts'

export interface AuditOptions {
  readonly type?: string
  readonly site?: string
  readonly region?: string
  readonly key?: string
  readonly since?: number
  readonly until?: number
}

export function addAuditOptions(command: Command): Command {
  return command
    .option('--type <type>', 'of this data type only')
    .option('--site <site>', 'made at this site only')
    .option('--region <region>', 'made in this region only, such as us-east-1')
    .option('--key <key>', 'of this record only; the parts of a composite key are separated by |')
    .addOption(new Option('--since <time>', 'not before: 2h, 30d, 2026-03-14T15:00:00Z').argParser(momentMs))
    .addOption(new Option('--until <time>', 'before: 2h, 30d, 2026-03-14T15:00:00Z').argParser(momentMs))
}

/** Throws `CommandFailed` for a site or region that the plan does not have. */
export function auditQuestion(
  { plan }: Clouds,
  { type, site, region, key, since, until }: AuditOptions,
): AuditQuestion {
  if (site !== undefined) requireSite({ plan }, site)
  const sites = plan.sites.filter(({ id, region: at }) => (site ?? id) === id && (region ?? at) === at)
  if (sites.length === 0) {
    const known = plan.sites.map(({ id, region: at }) => `${at} (${id})`).join(', ')
    throw new CommandFailed(
      `no site${site === undefined ? '' : ` '${site}'`} in region '${region}'; the plan has ${known}`,
    )
  }
  return {
    sites: sites.map(({ id }) => id),
    ...(type !== undefined && { type }),
    ...(key !== undefined && { key: keyFromText(key) }),
    ...(since !== undefined && { fromMs: since }),
    ...(until !== undefined && { untilMs: until }),
  }
}

/** Commander's parser for `--limit`. */
export function countOf(text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('a whole number, 1 or more')
  return count
}
