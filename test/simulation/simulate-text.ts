/**
 * One run: three sites edit one text, exchange deltas and whole states late, twice and in any order, are cut off, and
 * take each other's place as the home; now and then the document is deleted and made anew, also while some of the sites
 * have forgotten it already and some have not. The seed decides everything.
 *
 * Every character that is ever written is another one. So a plain model knows what must be there in the end: all that was
 * written and that nobody deleted, once each, and in the order in which it stood wherever it stood together.
 */
import type { Document } from '../../shared/document/json.ts'
import type { TextBook } from '../../shared/resolve/text-book.ts'
import { TextWorld, textBooks, textSites } from '../laws/text-world.ts'
import { Random } from './random.ts'

const steps = 160

interface TextRunResult {
  readonly violations: readonly string[]
  readonly edits: number
  /** How many of them no site remembers any more one by one. */
  readonly folded: number
  /** How many homes there were after the first. */
  readonly moves: number
}

export async function simulate(seed: number): Promise<TextRunResult> {
  const run = new TextRun(seed)
  const violations = run.violations()
  const folded = run.books.reduce((sum, book) => sum + book.folded.length, 0)
  const epochs = run.books.map(({ ruling }) => ruling?.epoch ?? 0)
  return { violations, edits: run.edits, folded, moves: Math.floor(Math.max(0, ...epochs) / 3) }
}

class TextRun {
  readonly world = new TextWorld()
  edits = 0
  readonly #random: Random
  readonly #written = new Set<string>()
  readonly #deleted = new Set<string>()
  readonly #replaced = new Set<string>()
  /** Each string as it was when an application left it. */
  readonly #seen: (readonly string[])[] = []
  readonly #violations: string[] = []

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  get books(): readonly TextBook[] {
    return textBooks(this.world.at(0))
  }

  violations(): readonly string[] {
    try {
      this.#run()
    } catch (error) {
      this.#violations.push(error instanceof Error ? error.message : String(error))
    }
    return this.#violations
  }

  #run(): void {
    const random = this.#random
    const isFast = random.chance(0.3)
    const cutOff = random.chance(0.4) ? random.between(0, 2) : undefined
    const forgottenAt = random.chance(0.3) ? random.between(20, steps) : undefined
    for (let step = 0; step < steps; step++) {
      if (step === forgottenAt) this.#forget()
      const site = random.between(0, 2)
      const peer = (site + random.between(1, 2)) % 3
      const isCut = step > 40 && step < 110 && cutOff !== undefined && [site, peer].includes(cutOff)
      const dice = random.next()
      if (dice < (isFast ? 0.2 : 0.4)) this.#edit(site)
      else if (dice < 0.42) this.world.decide(site, { homes: textSites, turn: random.between(1, 6) })
      else if (isCut) continue
      else if (dice < 0.8) this.world.sendDelta(site, peer, 'at once')
      else if (dice < 0.9) this.world.sendDelta(site, peer, 'late')
      else this.world.sendWhole(site, peer)
    }
    this.world.rest()
    this.#judge()
  }

  /** A deletion that all sites know of (see prune.ts): nothing from before it may ever be seen again. */
  #forget(): void {
    this.world.rest()
    this.world.write(this.#random.between(0, 2), undefined)
    this.world.rest()
    this.#written.clear()
    this.#deleted.clear()
    this.#replaced.clear()
    this.#seen.splice(0)
    for (const site of textSites.keys()) if (this.#random.chance(0.5)) this.world.strip(site)
  }

  #edit(site: number): void {
    const random = this.#random
    const before = this.world.view(site)
    const old = bodyOf(before)
    if (before && random.chance(0.02)) return void this.world.write(site, undefined)
    const characters = [...old]
    for (let cut = random.between(1, 3); cut > 0; cut--) {
      const at = random.between(0, characters.length)
      const gone = random.chance(0.4) ? random.between(0, Math.min(6, characters.length - at)) : 0
      const come = Array.from({ length: random.between(0, 5) }, () => this.#newCharacter())
      characters.splice(at, gone, ...come)
    }
    // What was taken away or never got into the string is gone, however it came about.
    const left = new Set(characters)
    for (const character of old) if (!left.has(character)) this.#deleted.add(character)
    // Made anew, a document does away with all that has arrived there, unless others go on with it.
    if (before === undefined)
      for (const character of JSON.stringify(this.world.at(site).state) ?? '') this.#replaced.add(character)
    for (const character of left) this.#written.add(character)
    const document: Document = { ...before, body: characters.join('') }
    const shown = this.world.write(site, document)
    if (bodyOf(shown) !== document.body)
      this.#violations.push(`put-get: wrote ${document.body}, reads ${bodyOf(shown)}`)
    this.#seen.push(characters)
    this.edits++
    this.world.decide(site)
  }

  /** Of one code unit, or of two. */
  #newCharacter(): string {
    const number = this.#fresh++
    return String.fromCodePoint((number % 2 === 0 ? 0x4e00 : 0x1_f300) + number)
  }
  #fresh = 0

  #judge(): void {
    const bodies = this.world.replicas.map((_, index) => bodyOf(this.world.view(index)))
    if (new Set(bodies).size > 1) this.#violations.push(`sites differ: ${bodies.join(' | ')}`)
    const body = [...(bodies[0] ?? '')]
    const places = new Map(body.map((character, place) => [character, place]))
    if (places.size !== body.length) this.#violations.push('something stands there twice')
    for (const character of body) {
      if (!this.#written.has(character)) this.#violations.push(`${character} was never written`)
      if (this.#deleted.has(character)) this.#violations.push(`${character} was deleted and is there`)
    }
    if (this.world.view(0) === undefined) return
    const mayBeGone = this.#deleted.union(this.#replaced)
    for (const character of this.#written)
      if (!places.has(character) && !mayBeGone.has(character)) this.#violations.push(`${character} is lost`)
    for (const characters of this.#seen) {
      const order = characters.flatMap(character => places.get(character) ?? [])
      if (order.some((place, index) => place < (order[index - 1] ?? 0))) this.#violations.push('the order has changed')
    }
  }
}

function bodyOf(document: Document | undefined): string {
  return typeof document?.body === 'string' ? document.body : ''
}
