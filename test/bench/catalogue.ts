/**
 * Documents of the declaration's two types, each about 1 KB of JSON. Their words are those of real film titles, drawn from a
 * seed: the same sentence over and over would compress better than any shop's data.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import type { Item } from '../../tools/local/official-clients/application-client.ts'
import { Random } from '../simulation/random.ts'

export const catalogueTypes = ['carts', 'products'] as const
export type CatalogueType = (typeof catalogueTypes)[number]

export interface Catalogue {
  /** The same for the same number. Holds its key field. */
  document(type: CatalogueType, number: number): Item
  /** What an application makes of it: one line's quantity, or the price. Another `round`, another value. */
  changed(type: CatalogueType, document: Item, round: number): Item
}

/** Of its key, too: `document(type, n)` has this key. */
export function catalogueKey(type: CatalogueType, number: number): string {
  return `${type === 'carts' ? 'customer' : 'product'}-${number}`
}

export const documentBytes = 1024

const films = z.array(z.record(z.string(), z.json()))

/** 3201 real documents of about 390 bytes of JSON. */
export async function readFilms(): Promise<readonly Item[]> {
  const text = await readFile(join(projectRoot, 'node_modules/vega-datasets/data/movies.json'), 'utf8')
  return films.parse(JSON.parse(text))
}

export async function openCatalogue(): Promise<Catalogue> {
  const words = (await readFilms()).flatMap(({ Title }) => String(Title).split(' '))
  return {
    document: (type, number) => {
      const phrase = phrasesOf(words, new Random(number + (type === 'carts' ? 0 : 1_000_000)))
      const key = catalogueKey(type, number)
      return type === 'carts' ? cart(key, phrase) : product(key, phrase)
    },
    changed: (type, document, round) =>
      type === 'carts' ? withQuantity(document, round) : { ...document, price: 1000 + round },
  }
}

interface Phrases {
  readonly random: Random
  words(count: number): string
}

function phrasesOf(words: readonly string[], random: Random): Phrases {
  return { random, words: count => Array.from({ length: count }, () => random.pick(words)).join(' ') }
}

function cart(customer: string, { random, words }: Phrases): Item {
  const items: Record<string, Item> = {}
  let document: Item = {}
  while (bytesOf(document) < documentBytes) {
    items[`sku-${random.between(10_000, 99_999)}`] = { quantity: random.between(1, 9), note: words(6) }
    document = { customer_id: customer, currency: 'EUR', items }
  }
  return document
}

function product(id: string, { random, words }: Phrases): Item {
  const attributes = {
    brand: words(1),
    colour: words(1),
    weight_g: random.between(50, 9000),
    tags: [words(1), words(1)],
  }
  let description = words(4)
  const document = () => ({ product_id: id, title: words(0), price: random.between(1, 999), attributes, description })
  while (bytesOf(document()) < documentBytes - 30) description += ` ${words(1)}`
  return { ...document(), title: words(4) }
}

/** The quantity of one line, each round of another one. */
function withQuantity(document: Item, round: number): Item {
  const lines = Object.entries(Object(document.items))
  const [name = '', line] = lines[round % lines.length] ?? []
  return { ...document, items: { ...Object(document.items), [name]: { ...Object(line), quantity: 10 + round } } }
}

function bytesOf(document: Item): number {
  return Buffer.byteLength(JSON.stringify(document))
}
