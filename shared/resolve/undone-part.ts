/** Which part of a document was put right, by which rule: told of as a whole, however little of it was written. */
import { type DocumentDescriptor, joinedParts } from '../declare/merge-descriptor.ts'
import type { Arbitration, Path } from './merge-type.ts'
import { composed, partType } from './parts.ts'

export type UndonePart = Pick<Arbitration, 'path' | 'rule' | 'review'>

/** `path`: of something in it that was written and does not stand. */
export function undonePart(merge: DocumentDescriptor, path: Path): UndonePart {
  if (merge.kind === 'appendOnly') return firstStays([])
  let at = joinedParts(merge)
  for (let depth = 0; depth <= path.length; depth++) {
    if (at.kind === 'authority') return { path: path.slice(0, depth), rule: 'authority-wins' }
    if (at.kind === 'appendOnly') return firstStays(path.slice(0, depth + 1))
    const [whole, name] = [composed(at), path[depth]]
    if (!whole || name === undefined) break
    at = partType(whole, name)
  }
  return { path, rule: 'owned-by-tributary' }
}

function firstStays(path: Path): UndonePart {
  return { path, rule: 'first-write-stays', review: true }
}
