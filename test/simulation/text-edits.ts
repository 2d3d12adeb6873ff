/** Edits of a text as people make them: at up to three places something goes, or comes, or both. */
import type { Random } from './random.ts'

export class TextEdits {
  readonly #random: Random
  #fresh = 0

  constructor(random: Random) {
    this.#random = random
  }

  edited(text: string): string {
    const random = this.#random
    const characters = [...text]
    for (let cut = random.between(1, 3); cut > 0; cut--) {
      const at = random.between(0, characters.length)
      const gone = random.chance(0.4) ? random.between(0, Math.min(6, characters.length - at)) : 0
      const come = Array.from({ length: random.between(0, 5) }, () => this.#newCharacter())
      characters.splice(at, gone, ...come)
    }
    return characters.join('')
  }

  /** One that was never written before, of one code unit or of two. */
  #newCharacter(): string {
    const number = this.#fresh++
    return String.fromCodePoint((number % 2 === 0 ? 0x4e00 : 0x1_f300) + number)
  }
}
