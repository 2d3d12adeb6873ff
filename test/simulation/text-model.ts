/**
 * What must stand in a text in the end, told from what applications wrote alone. Every character that is ever written is
 * another one: all that was written and that nobody deleted must be there, once each, and in the order in which it stood
 * wherever it stood together.
 */
import type { Document } from '../../shared/document/json.ts'

export class TextModel {
  readonly #written = new Set<string>()
  readonly #deleted = new Set<string>()
  readonly #replaced = new Set<string>()
  /** Each string as it was when an application left it. */
  readonly #seen: (readonly string[])[] = []

  /** `known`: all that the site had of the texts, which a document that is made anew does away with unless others go on with it. */
  note(before: Document | undefined, after: Document, known: unknown): void {
    const characters = [...bodyOf(after)]
    const left = new Set(characters)
    for (const character of bodyOf(before)) if (!left.has(character)) this.#deleted.add(character)
    if (before === undefined) for (const character of JSON.stringify(known) ?? '') this.#replaced.add(character)
    for (const character of left) this.#written.add(character)
    this.#seen.push(characters)
  }

  /** What was there is forgotten by all, and may never be seen again. */
  forget(): void {
    this.#written.clear()
    this.#deleted.clear()
    this.#replaced.clear()
    this.#seen.splice(0)
  }

  /** What is wrong with what all sites show. */
  faults(document: Document | undefined): readonly string[] {
    const found: string[] = []
    const body = [...bodyOf(document)]
    const places = new Map(body.map((character, place) => [character, place]))
    if (places.size !== body.length) found.push('something stands there twice')
    for (const character of body) {
      if (!this.#written.has(character)) found.push(`${character} was never written`)
      if (this.#deleted.has(character)) found.push(`${character} was deleted and is there`)
    }
    if (document === undefined) return found
    const mayBeGone = this.#deleted.union(this.#replaced)
    for (const character of this.#written)
      if (!places.has(character) && !mayBeGone.has(character)) found.push(`${character} is lost`)
    for (const characters of this.#seen) {
      const order = characters.flatMap(character => places.get(character) ?? [])
      if (order.some((place, index) => place < (order[index - 1] ?? 0))) found.push('the order has changed')
    }
    return found
  }
}

export function bodyOf(document: Document | undefined): string {
  return typeof document?.body === 'string' ? document.body : ''
}
