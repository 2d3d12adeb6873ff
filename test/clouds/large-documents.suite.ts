/**
 * Documents as large as the smallest store takes (DynamoDB: 400 KB), written and read with the official clients: they
 * arrive, or are refused by name, and never hold up their neighbours.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type Json } from '../../shared/document/json.ts'
import type { DeadLetter } from '../../shared/replicate/dead-letter.ts'
import { readResolutions } from '../../tools/cli/read-audit.ts'
import { randomText } from '../random-text.ts'
import type { TestClouds } from './running-clouds.ts'
import { sharedClouds } from './shared-clouds.ts'

const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'
const azure = 'azure-eastus'
const kb = 1024
const words = (length: number) => 'All work and no play makes Jack a dull boy. '.repeat(length / 40).slice(0, length)

let running: TestClouds

beforeAll(async () => {
  running = await sharedClouds()
}, 120_000)

function clientAt(site: string) {
  const client = running.clients.find(candidate => candidate.site === site)
  if (!client) throw new Error(`no site ${site}`)
  return client
}

async function lettersAt(site: string): Promise<readonly DeadLetter[]> {
  return (await running.clouds.ask(site, { ask: 'dead-letters' })) as readonly DeadLetter[]
}

const product = (id: string, text: string) => ({ product_id: id, title: id, text })

describe('390 KB', () => {
  test.each([aws, gcp, azure])('written at %s arrive, whether they compress or not', async site => {
    const documents = [
      product(`words-${site}`, words(390 * kb)),
      product(`random-${site}`, randomText(390 * kb - 100, 1)),
      product(`accents-${site}`, 'žluťoučký kůň '.repeat(20_000)),
    ]
    for (const document of documents) await clientAt(site).put('products', document)
    for (const document of documents) await running.everywhere('products', [document.product_id], document, 60_000)
  })

  test('changed at a site that did not write them arrive too, and so does their deletion', async () => {
    for (const [writer, id] of [
      [gcp, `random-${aws}`],
      [azure, `random-${gcp}`],
      [aws, `random-${azure}`],
    ] as const) {
      const document = product(id, randomText(390 * kb - 100, 2))
      await clientAt(writer).put('products', document)
      await running.everywhere('products', [id], document, 60_000)
    }
    await clientAt(azure).remove('products', [`words-${aws}`])
    await running.everywhere('products', [`words-${aws}`], undefined, 60_000)
    for (const site of [aws, gcp, azure]) expect(await lettersAt(site)).toEqual([])
  })

  test('written at two sites at once: one wins everywhere, the other is in every audit whole', async () => {
    const id = 'contended'
    const [one, two] = [product(id, words(390 * kb)), product(id, `${words(380 * kb)} other`)]
    await running.apart(async () => {
      await clientAt(aws).put('products', one)
      await clientAt(gcp).put('products', two)
    })
    await running.atRest()
    const shown = await Promise.all(running.clients.map(client => client.read('products', [id])))
    // By a name, for a difference of 390 KB is nothing to look at.
    const names = shown.map(document =>
      document?.text === one.text ? 'one' : document?.text === two.text ? 'two' : '?',
    )
    expect([
      ['one', 'one', 'one'],
      ['two', 'two', 'two'],
    ]).toContainEqual(names)
    for (const site of [aws, gcp, azure]) expect(await lettersAt(site)).toEqual([])
    const mine = await readResolutions(running.clouds, { sites: [gcp], type: 'products', key: [id] })
    const textOf = (value: Json | undefined) => (isJsonObject(value) ? value.text : undefined)
    expect(mine.length).toBe(1)
    expect(textOf(mine[0]?.local) === two.text && textOf(mine[0]?.remote) === one.text).toBe(true)
  })

  test('two at once that do not compress: more than DynamoDB holds, refused there by name until they are one again', async () => {
    const id = 'both-random'
    const [one, two] = [product(id, randomText(390 * kb - 100, 3)), product(id, randomText(390 * kb - 100, 4))]
    await running.apart(async () => {
      await clientAt(aws).put('products', one)
      await clientAt(gcp).put('products', two)
    })
    await expect
      .poll(() => lettersAt(gcp), { timeout: 60_000, interval: 500 })
      .toEqual([expect.objectContaining({ peer: aws, reason: expect.stringContaining('not_storable') })])
    const settled = product(id, 'settled')
    await clientAt(azure).put('products', settled)
    await running.everywhere('products', [id], settled, 60_000)
  })
})

describe('more than a store takes', () => {
  test.each([
    [gcp, 450 * kb, [aws]],
    [azure, 1_400 * kb, [aws, gcp]],
  ] as const)('at %s, %i bytes: refused by name where it does not fit', async (site, bytes, refusing) => {
    const id = `too-large-${site}`
    const large = product(id, words(bytes))
    const neighbour = product(`beside-${site}`, 'small')
    await clientAt(site).put('products', large)
    await clientAt(site).put('products', neighbour)
    await running.everywhere('products', [neighbour.product_id], neighbour)
    const peers = async () => {
      const letters = (await lettersAt(site)).filter(letter => letter.kind === 'change' && letter.event.includes(id))
      return letters.flatMap(letter =>
        letter.kind === 'change' && letter.reason.startsWith('not_storable') ? letter.peer : [],
      )
    }
    await expect.poll(async () => (await peers()).sort(), { timeout: 30_000, interval: 500 }).toEqual(refusing)

    // Made smaller, it arrives: nothing was stuck behind it.
    const mended = product(id, 'smaller')
    await clientAt(site).put('products', mended)
    await running.everywhere('products', [id], mended)
  })
})
