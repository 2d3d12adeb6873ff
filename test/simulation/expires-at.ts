/** When a document of a simulated type expires, in ms; undefined: never. Told without the code that is tested. */
import type { Document } from '../../shared/document/json.ts'

export function expiresAtMs(document: Document | undefined): number | undefined {
  const until = document?.until
  return typeof until === 'number' ? until * 1000 : undefined
}
