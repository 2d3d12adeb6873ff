/**
 * Documents of the declaration's two types. Carts and products of about 1 KB of JSON, in words of real film titles, drawn
 * from a seed: the same sentence over and over would compress better than any shop's data, words without a sense compress
 * worse. And real documents that no one here wrote: films, as products.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import type { Item } from '../../tools/local/official-clients/application-client.ts'
import { Random } from '../simulation/random.ts'

export interface DocumentSet {
  readonly name: string
  /** Of the declaration. */
  readonly type: 'carts' | 'products'
  /** Every key of the set starts so, and no other. */
  readonly keyPrefix: string
  /** The same for the same number, below 3000. Holds its key field with `keyPrefix` and the number. */
  document(number: number): Item
  /** What an application makes of it: one line's quantity, or the price. Another `round`, another value. */
  changed(document: Item, round: number): Item
}

const documentBytes = 1024

const filmsSchema = z.array(z.record(z.string(), z.json()))

export async function openCatalogue() {
  const text = await readFile(join(projectRoot, 'node_modules/vega-datasets/data/movies.json'), 'utf8')
  const films = filmsSchema.parse(JSON.parse(text))
  const words = films.flatMap(({ Title }) => String(Title).split(' '))
  const carts: DocumentSet = {
    name: 'carts',
    type: 'carts',
    keyPrefix: 'customer-',
    document: number => cart(`customer-${number}`, phrasesOf(words, new Random(number))),
    changed: withQuantity,
  }
  const products: DocumentSet = {
    name: 'products',
    type: 'products',
    keyPrefix: 'product-',
    document: number => product(`product-${number}`, phrasesOf(words, new Random(1_000_000 + number))),
    changed: withPrice,
  }
  /** About 390 bytes of JSON each. */
  const realFilms: DocumentSet = {
    name: 'films, as products',
    type: 'products',
    keyPrefix: 'film-',
    document: number => ({ product_id: `film-${number}`, ...films[number] }),
    changed: withPrice,
  }
  return { carts, all: [carts, products, realFilms] }
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

function withPrice(document: Item, round: number): Item {
  return { ...document, price: 1000 + round }
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
