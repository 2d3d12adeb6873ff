/** Audit entries as lines of a table: a line for each cell of a resolution, one for everything else. */
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { keyText } from '../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import type { StaleWriteBack } from '../../shared/replicate/write-back.ts'
import { short } from './output.ts'

export const auditHeads = ['time', 'at', 'record', 'from', 'cell', 'rule', 'kept', 'lost'] as const

export function auditRows(entry: AuditEntry): readonly (readonly string[])[] {
  const { atMs, site, type, key, origin } = entry
  const head = [new Date(atMs).toISOString(), site, `${type}/${keyText(key)}`, origin]
  return cellRows(entry).map(row => [...head, ...row])
}

type Row = readonly [cell: string, rule: string, kept: string, lost: string]

function cellRows(entry: AuditEntry): readonly Row[] {
  if (isResolution(entry)) return arbitrationRows(entry)
  switch (entry.kind) {
    case 'incident':
      return [[entry.subject, entry.name, short(entry.data), '']]
    case 'quarantine':
      return [['', entry.kind, '', `its clock was ${(entry.aheadMs / 1000).toFixed(1)} s ahead`]]
    case 'review':
      return [['', entry.kind, short(entry.chosen), `${entry.outcome} by ${entry.by}`]]
    case 'stale-write-back':
      return writeBackRows(entry)
  }
}

function arbitrationRows({ arbitrations, outcome }: Resolution): readonly Row[] {
  if (arbitrations.length === 0) return [['', 'merged', short(outcome), '']]
  return arbitrations.map(({ path, rule, kept, lost, review, uncertain }) => [
    path.join('.'),
    `${rule}${uncertain ? ', uncertain' : ''}${review ? ', to review' : ''}`,
    kept ? `${short(kept.value)} (${kept.site})` : '',
    (lost ?? []).map(({ value, site: from }) => `${short(value)} (${from})`).join(', '),
  ])
}

function writeBackRows({ kind, site, setBack }: StaleWriteBack): readonly Row[] {
  return setBack.map(({ path, undone, written, by }) => [
    path.join('.'),
    kind,
    `${written ?? 'absent'} (${site})`,
    `${undone ?? 'absent'} (${by[0]})`,
  ])
}
