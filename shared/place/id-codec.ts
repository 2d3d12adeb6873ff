/**
 * A key's text as a document's id, where a store refuses some characters and some whole ids. Only what the store refuses
 * is written as `%XX`, and a `%` only where it would read as such: every id that an application can give its documents
 * is the text of some key, and most keys are their own ids.
 */
export interface IdRules {
  /** The characters that no id may hold, all of them ASCII. */
  readonly refused: readonly string[]
  /** Whether a whole id is refused although its characters are not. */
  isRefused(id: string): boolean
}

interface Codec {
  /** Any of the refused characters. */
  readonly refused: RegExp
  /** What reads as one of them, or as one that was escaped before. */
  readonly written: RegExp
}

const codecs = new Map<string, Codec>()

function codecOf(refused: readonly string[]): Codec {
  const name = refused.join('')
  let codec = codecs.get(name)
  if (!codec) {
    const codes = refused.map(codeOf)
    codec = {
      refused: new RegExp(`[${codes.map(code => `\\x${code}`).join('')}]`, 'g'),
      written: new RegExp(`%((?:25)*)(${codes.join('|')})`, 'g'),
    }
    codecs.set(name, codec)
  }
  return codec
}

export function escapeText(text: string, characters: readonly string[]): string {
  const { refused, written } = codecOf(characters)
  return text.replaceAll(written, '%25$1$2').replaceAll(refused, character => `%${codeOf(character)}`)
}

export function unescapeText(text: string, characters: readonly string[]): string {
  return text.replaceAll(codecOf(characters).written, (_, escapes: string, code: string) =>
    escapes === '' ? characterOf(code) : `%${escapes.slice(2)}${code}`,
  )
}

/** Of an id whose characters are allowed. */
export function escapeWhole(id: string, { isRefused }: IdRules): string {
  if (isRefused(id)) return `%${codeOf(id)}${id.slice(1)}`
  return isWritten(id, isRefused) ? `%25${id.slice(1)}` : id
}

export function unescapeWhole(id: string, { isRefused }: IdRules): string {
  const match = isWritten(id, isRefused)
  if (!match) return id
  const { escapes = '', code = '', rest = '' } = match
  return escapes === '' ? characterOf(code) + rest : `%${id.slice(3)}`
}

function isWritten(id: string, isRefused: IdRules['isRefused']) {
  const match = /^%(?<escapes>(?:25)*)(?<code>[0-7][0-9A-F])(?<rest>.*)$/s.exec(id)?.groups
  return match && isRefused(characterOf(match.code ?? '') + (match.rest ?? '')) ? match : undefined
}

function codeOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}

function characterOf(code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16))
}
