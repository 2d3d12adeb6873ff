/**
 * Which documents a trigger hears of: Eventarc's path pattern, where `{name}` stands for one segment and `{name=**}`
 * for one or more. (https://cloud.google.com/eventarc/docs/path-patterns)
 */
export interface DocumentPattern {
  /** Whether a document's path below the database, such as `carts/alice`, fits. */
  matches(path: string): boolean
}

export function createDocumentPattern(pattern: string): DocumentPattern {
  const segments = pattern.split('/').map(segment => {
    const wildcard = /^\{[^{}=]+(?:=(?<depth>\*{1,2}))?\}$/.exec(segment)
    if (!wildcard) return segment.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    return wildcard.groups?.depth === '**' ? '.+' : '[^/]+'
  })
  const whole = new RegExp(`^${segments.join('/')}$`, 's')
  return { matches: path => whole.test(path) }
}
