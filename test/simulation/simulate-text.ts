/**
 * One run: three sites edit one text, exchange deltas and whole states late, twice and in any order, are cut off, and
 * take each other's place as the home; now and then the document is deleted and made anew, also while some of the sites
 * have forgotten it already and some have not. The seed decides everything. What must be there in the end: text-model.ts.
 */
import type { Document } from '../../shared/document/json.ts'
import type { TextBook } from '../../shared/resolve/text-book.ts'
import { TextWorld, textBooks, textSites } from '../laws/text-world.ts'
import { Random } from './random.ts'
import { TextEdits } from './text-edits.ts'
import { bodyOf, TextModel } from './text-model.ts'

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
  readonly #model = new TextModel()
  readonly #texts: TextEdits
  readonly #violations: string[] = []

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#texts = new TextEdits(this.#random)
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
    this.#model.forget()
    for (const site of textSites.keys()) if (this.#random.chance(0.5)) this.world.strip(site)
  }

  #edit(site: number): void {
    const before = this.world.view(site)
    if (before && this.#random.chance(0.02)) return void this.world.write(site, undefined)
    const document: Document = { ...before, body: this.#texts.edited(bodyOf(before)) }
    this.#model.note(before, document, this.world.at(site).state)
    const shown = this.world.write(site, document)
    if (bodyOf(shown) !== document.body)
      this.#violations.push(`put-get: wrote ${document.body}, reads ${bodyOf(shown)}`)
    this.edits++
    this.world.decide(site)
  }

  #judge(): void {
    const bodies = this.world.replicas.map((_, index) => bodyOf(this.world.view(index)))
    if (new Set(bodies).size > 1) this.#violations.push(`sites differ: ${bodies.join(' | ')}`)
    this.#violations.push(...this.#model.faults(this.world.view(0)))
  }
}
