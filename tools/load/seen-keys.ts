/**
 * Which keys came before in this file? A table of 64-bit hashes: 8 to 16 bytes for a record whatever its key, so that a
 * file of a hundred million needs no more memory than a laptop has. Two keys share a hash once in 2^64; among ten million
 * keys the chance that any two do is one in 400,000.
 */
import { hash } from 'node:crypto'

const firstCapacity = 1024

export class SeenKeys {
  /** Open addressing, linear probing; 0 is a free slot. */
  #slots = new BigUint64Array(firstCapacity)
  #size = 0

  /** True if the key is new. */
  add(key: string): boolean {
    const digest = Buffer.from(hash('sha256', key, 'buffer')).readBigUInt64LE()
    const value = digest === 0n ? 1n : digest
    const slot = slotOf(this.#slots, value)
    if (this.#slots[slot] === value) return false
    this.#slots[slot] = value
    this.#size++
    if (this.#size * 2 > this.#slots.length) this.#grow()
    return true
  }

  #grow(): void {
    const larger = new BigUint64Array(this.#slots.length * 2)
    for (const value of this.#slots) if (value !== 0n) larger[slotOf(larger, value)] = value
    this.#slots = larger
  }
}

/** Where the value is, or would be put. */
function slotOf(slots: BigUint64Array, value: bigint): number {
  const mask = slots.length - 1
  let slot = Number(value & BigInt(mask))
  while (slots[slot] !== 0n && slots[slot] !== value) slot = (slot + 1) & mask
  return slot
}
