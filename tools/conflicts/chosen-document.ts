/** The document that somebody has chosen: a site's own values in the cells that are in conflict, the rest as it is now. */
import { type Document, isJsonObject, type Json, setField } from '../../shared/document/json.ts'
import type { Path } from '../../shared/resolve/merge-type.ts'
import { CommandFailed } from '../cli/clouds.ts'
import type { Conflict, ConflictCell } from './open-conflicts.ts'

/** Undefined: the choice is to have no document. Throws `CommandFailed` where the site has no version of a cell. */
export function documentOfSite(conflict: Conflict, site: string, present: Document | undefined): Document | undefined {
  if (conflict.cells.length === 0) throw new CommandFailed('there are no versions to choose from; see: conflicts show')
  return conflict.cells.reduce<Document | undefined>((document, cell) => {
    const value = valueFrom(cell, site)
    if (cell.path.length > 0) return withValue(document, cell.path, value)
    if (!isJsonObject(value)) throw new CommandFailed(`the version of ${site} is no document: choose with --value FILE`)
    return value
  }, present)
}

function valueFrom({ path, versions }: ConflictCell, site: string): Json {
  const version = versions.find(candidate => candidate.site === site)
  if (version) return version.value
  const known = [...new Set(versions.map(candidate => candidate.site))].join(', ')
  throw new CommandFailed(
    `${site} has no version of ${path.join('.') || 'the document'}; there are those of ${known}, or choose with --value FILE`,
  )
}

function withValue(document: Json | undefined, [name, ...below]: Path, value: Json): Document {
  if (name === undefined || !isJsonObject(document)) {
    throw new CommandFailed('the cell in conflict lies in a list, or is gone by now: choose with --value FILE')
  }
  const changed: Record<string, Json> = { ...document }
  const inner = Object.hasOwn(document, name) ? document[name] : undefined
  setField(changed, name, below.length === 0 ? value : withValue(inner, below, value))
  return changed
}
