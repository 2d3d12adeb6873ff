/** Two people write in one text at several sites, through the real flows, with plain strings: all that they wrote stays. */
import { beforeEach, describe, expect, it } from 'vitest'
import { defineSync, home, text } from '../../shared/declare/index.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { encodeRecord } from '../../shared/replicate/sync-record.ts'
import { takeOver } from '../../shared/replicate/take-over.ts'
import { TextWorld, textBooks } from '../laws/text-world.ts'
import { MemorySite, settle } from './memory-site.ts'

const sites = {
  'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
  'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
  'azure-eastus': { cloud: 'azure', region: 'eastus' },
} as const
const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const

const planWith = (decide = home({ at: gcp })) =>
  defineSync({
    sites,
    data: { pages: { key: ['page_id'], merge: text({ field: ['body', 'summary'], decide }) } },
  })

const page = { type: 'pages', key: ['p1'] }
let all: readonly MemorySite[]
let atAws: MemorySite
let atGcp: MemorySite
let atAzure: MemorySite

function open(plan = planWith()) {
  atAws = new MemorySite(plan, aws, 'versioned')
  atGcp = new MemorySite(plan, gcp, 'versioned')
  atAzure = new MemorySite(plan, azure, 'versioned')
  all = [atAws, atGcp, atAzure]
}

const bodyAt = (site: MemorySite) => site.document(page)?.body
const bodies = () => all.map(bodyAt)
const everywhere = (body: string | undefined) => all.map(() => body)

/** As an application does it: reads the string, changes it, writes it back. */
function edit(site: MemorySite, change: (body: string) => string, more: { readonly [name: string]: string } = {}) {
  site.write(page, { ...site.document(page), ...more, body: change(String(bodyAt(site) ?? '')) })
}
const replaceIn = (site: MemorySite, old: string, by: string) => edit(site, body => body.replace(old, by))

async function begun(body: string): Promise<void> {
  atAws.write(page, { title: 'Tea', body })
  await settle(all)
}

beforeEach(async () => {
  open()
  await begun('Green tea and black tea.')
})

it('a text that is written at one site is there at all of them, beside fields that merge one by one', async () => {
  expect(all.map(site => site.document(page))).toEqual(
    all.map(() => ({ title: 'Tea', body: 'Green tea and black tea.' })),
  )
  atAzure.write(page, { ...atAzure.document(page), title: 'Teas' })
  replaceIn(atAws, 'black', 'white')
  await settle(all)
  expect(all.map(site => site.document(page))).toEqual(
    all.map(() => ({ title: 'Teas', body: 'Green tea and white tea.' })),
  )
})

describe('at the same time', () => {
  it('two people write at different places: both are there', async () => {
    replaceIn(atAws, 'Green', 'Fine green')
    replaceIn(atAzure, 'black tea.', 'black tea 💃.')
    await settle(all)
    expect(bodies()).toEqual(everywhere('Fine green tea and black tea 💃.'))
  })

  it('two people write at the same place, character by character: neither gets into the other’s words', async () => {
    for (const [a, z] of [...'one '].map((letter, index) => [letter, 'TWO '[index] ?? ''])) {
      edit(atAws, body => body.replace(/(?=and)/, a ?? ''))
      edit(atAzure, body => body.replace(/(?=and)/, z ?? ''))
      await Promise.all([atAws.work(), atAzure.work()])
    }
    await settle(all)
    expect(bodies()).toEqual(everywhere('Green tea one TWO and black tea.'))
  })

  it('one deletes a passage while another writes in it: what was written stays, what was there goes', async () => {
    edit(atAws, () => 'Tea, coffee and milk.')
    await settle(all)
    replaceIn(atAws, ' and milk', '')
    replaceIn(atAzure, 'milk', 'milk (cold)')
    await settle(all)
    expect(bodies()).toEqual(everywhere('Tea, coffee (cold).'))
  })

  it('both delete overlapping passages: what either deleted is gone, once', async () => {
    replaceIn(atAws, 'tea and black', '')
    replaceIn(atAzure, 'and black tea', '')
    await settle(all)
    expect(bodies()).toEqual(everywhere('Green .'))
  })

  it('all three edit two texts of one document', async () => {
    for (const [index, site] of all.entries()) {
      site.write(page, { ...site.document(page), body: `${bodyAt(site)} ${index}`, summary: `s${index}` })
    }
    await settle(all)
    expect(new Set(bodies()).size).toBe(1)
    expect([...String(bodyAt(atAws))].filter(letter => /\d/.test(letter)).sort()).toEqual(['0', '1', '2'])
    const summaries = all.map(site => site.document(page)?.summary)
    expect(new Set(summaries).size).toBe(1)
    expect(summaries[0]).toMatch(/^(s[012]){3}$/)
  })

  it('it is told in the audit, and nobody has lost anything', async () => {
    replaceIn(atAws, 'Green', 'Fine green')
    replaceIn(atAzure, 'black', 'dark')
    await settle(all)
    const resolutions = all.flatMap(site => [...site.audit.entries.values()].filter(isResolution))
    expect(resolutions.length).toBeGreaterThan(0)
    expect(resolutions.flatMap(({ arbitrations }) => arbitrations.flatMap(({ lost = [] }) => lost))).toEqual([])
  })
})

it('own edits show at once, others’ when they have been to the home', async () => {
  replaceIn(atAws, 'Green', 'Fine green')
  await settle([atAws, atAzure])
  expect(bodies()).toEqual(['Fine green tea and black tea.', 'Green tea and black tea.', 'Green tea and black tea.'])
  edit(atAws, body => `${body} Hot.`)
  await settle(all)
  expect(bodies()).toEqual(everywhere('Fine green tea and black tea. Hot.'))
})

describe('texts begin and end', () => {
  it('a record that two sites create at once has what both wrote', async () => {
    const other = { type: 'pages', key: ['p2'] }
    atAws.write(other, { body: 'from aws. ' })
    atAzure.write(other, { body: 'from azure. ' })
    await settle(all)
    const shown = all.map(site => String(site.document(other)?.body))
    expect(new Set(shown).size).toBe(1)
    expect(shown[0]).toHaveLength('from aws. from azure. '.length)
    expect(shown[0]).toContain('from aws. ')
    expect(shown[0]).toContain('from azure. ')
    // From here on it is one text, wherever one begins and the other ends.
    atGcp.write(other, { body: `${shown[0]?.slice(0, 5)}X${shown[0]?.slice(15)}` })
    await settle(all)
    expect(all.map(site => site.document(other)?.body)).toEqual(
      all.map(() => `${shown[0]?.slice(0, 5)}X${shown[0]?.slice(15)}`),
    )
  })

  it('a deleted document that is made anew has nothing of its old text', async () => {
    atAzure.write(page, undefined)
    await settle(all)
    expect(bodies()).toEqual(everywhere(undefined))
    atGcp.write(page, { body: 'Coffee.' })
    await settle(all)
    expect(all.map(site => site.document(page))).toEqual(all.map(() => ({ body: 'Coffee.' })))
  })

  it('its old text shows nowhere any more, not even before the home has heard of the new one', async () => {
    atAzure.write(page, undefined)
    await settle(all)
    atAws.write(page, { body: 'Coffee.' })
    await settle([atAws, atAzure])
    expect(bodies()).toEqual(['Coffee.', undefined, ''])
  })

  it('it comes back beside the new one if somebody went on with it meanwhile', async () => {
    atAzure.write(page, undefined)
    await atAzure.work()
    atAzure.write(page, { body: 'Coffee.' })
    replaceIn(atAws, 'Green', 'Fine green')
    await settle(all)
    expect(bodies()).toEqual(everywhere('Fine green tea and black tea.Coffee.'))
    // From here on it is one text.
    edit(atGcp, body => body.replace('tea.Coffee', 'tea. Coffee'))
    await settle(all)
    expect(bodies()).toEqual(everywhere('Fine green tea and black tea. Coffee.'))
  })

  it('a document that is made anew time and again takes no more room than its last text', async () => {
    for (let round = 0; round < 5; round++) {
      const site = all[round % 3]
      site?.write(page, undefined)
      await settle(all)
      site?.write(page, { body: `Coffee ${round}.` })
      await settle(all)
      for (const each of all) expect(textBooks({ state: each.record(page).state })).toHaveLength(1)
    }
    expect(bodies()).toEqual(everywhere('Coffee 4.'))
  })

  it('an edit beats a deletion of the document, and one of the field: the text comes back whole', async () => {
    atAzure.write(page, undefined)
    replaceIn(atAws, 'Green', 'Fine green')
    await settle(all)
    expect(bodies()).toEqual(everywhere('Fine green tea and black tea.'))
    atAzure.write(page, { title: 'Tea' })
    replaceIn(atAws, 'black', 'dark')
    await settle(all)
    expect(bodies()).toEqual(everywhere('Fine green tea and dark tea.'))
    atAzure.write(page, { title: 'Tea' })
    await settle(all)
    expect(bodies()).toEqual(everywhere(undefined))
  })
})

describe('when the home is away', () => {
  it('another site takes its place, and no edit is lost, not even those that it made alone', async () => {
    replaceIn(atAws, 'Green', 'Fine green')
    edit(atAzure, body => `${body} Cold, too.`)
    // Nothing reaches the home any more, and nothing comes from there.
    replaceIn(atGcp, 'black', 'dark')
    await atGcp.work()
    await settle([atAws, atAzure])
    expect(bodyAt(atAws)).not.toContain('Cold')
    const taking = { homes: { of: async () => ({ homes: [gcp], turn: 1 }) } }
    expect(await takeOver(page, { ...atAws.ports, ...taking })).toBe('claimed')
    await settle([atAws, atAzure])
    expect(bodies()).toEqual([
      'Fine green tea and black tea. Cold, too.',
      'Green tea and dark tea.',
      'Fine green tea and black tea. Cold, too.',
    ])
    // And back again.
    await settle(all)
    expect(bodies()).toEqual(everywhere('Fine green tea and dark tea. Cold, too.'))
    replaceIn(atGcp, 'Cold', 'Iced')
    await settle(all)
    expect(bodies()).toEqual(everywhere('Fine green tea and dark tea. Iced, too.'))
  })

  it('what was folded under one home joins what another has ordered since', async () => {
    for (let round = 0; round < 20; round++) {
      edit(atAws, body => `${body}a`)
      await settle(all)
    }
    edit(atAzure, body => `${body}z`)
    await settle([atAws, atAzure])
    const taking = { homes: { of: async () => ({ homes: [gcp], turn: 1 }) } }
    await takeOver(page, { ...atAzure.ports, ...taking })
    await settle([atAws, atAzure])
    for (let round = 0; round < 20; round++) {
      edit(atAzure, body => `${body}z`)
      edit(atGcp, body => `g${body}`)
      await atGcp.work()
      await settle([atAws, atAzure])
    }
    await settle(all)
    const expected = `${'g'.repeat(20)}Green tea and black tea.${'a'.repeat(20)}${'z'.repeat(21)}`
    expect(bodies()).toEqual(everywhere(expected))
  })
})

describe('a long text', () => {
  const long = Array.from({ length: 1_250 }, (_, line) => `Line ${line}: tea is good for you, they say, and cheap.\n`)
    .join('')
    .padEnd(100_000, '☂')

  const withNumber = (body: string, round: number) => {
    const line = `Line ${(round * 37) % 1_250}:`
    return body.replace(line, `${line} (${round})`)
  }
  const bytesOf = (state: unknown) => JSON.stringify(state).length

  it('of 100 KB that is edited 500 times takes no more room for that', { timeout: 60_000 }, () => {
    const world = new TextWorld(text({ field: 'body', decide: home({ at: gcp }) }))
    world.write(0, { body: long })
    world.rest()
    const first = bytesOf(world.at(0).state)
    let largest = 0
    let expected = long
    for (let round = 0; round < 500; round++) {
      const site = round % 3
      expected = withNumber(expected, round)
      world.write(site, { body: withNumber(String(world.view(site)?.body), round) })
      world.decide(site)
      world.rest()
      world.forgetHistory()
      largest = Math.max(largest, bytesOf(world.at(site).state))
    }
    expect(all.map((_, index) => world.view(index)?.body)).toEqual(everywhere(expected))
    // What was inserted, and the sixteen edits that may wait to be folded.
    expect(largest).toBeLessThan(first + (expected.length - long.length) + 2_500)
  })

  it('travels once, and then only what is edited in it', { timeout: 60_000 }, async () => {
    open()
    await begun(long)
    const changes: string[] = []
    for (const site of all) site.bus.subscribe(change => void changes.push(change))
    let expected = long
    for (let round = 0; round < 30; round++) {
      const site = all[round % 3]
      expected = withNumber(expected, round)
      if (site) edit(site, body => withNumber(body, round))
      await settle(all)
    }
    expect(bodies()).toEqual(everywhere(expected))
    expect(changes.length).toBeGreaterThan(30)
    expect(changes.join('').length / 30).toBeLessThan(8_000)
    expect(encodeRecord(atAws.record(page)).length).toBeLessThan(20_000)
  })
})

describe('a declaration', () => {
  it.each([
    ['a key field', { field: 'page_id' }, 'found a key field'],
    ['no field', { field: [] }, 'at least one field'],
    ['a field twice', { field: ['body', 'body'] }, 'each field once'],
    ['a home that is no site', { field: 'body', decide: home({ at: 'mars' }) }, 'allowed: hash, aws-us-east-1'],
  ])('with %s is refused by name', (_, options, fault) => {
    const declare = () => defineSync({ sites, data: { pages: { key: ['page_id'], merge: text(options) } } })
    expect(declare).toThrow(fault)
  })

  it('of a table that several sites hold already is refused: a text begins empty', () => {
    const declare = () =>
      defineSync({ sites, data: { pages: { key: ['page_id'], merge: text({ field: 'body' }), adopt: true } } })
    expect(declare).toThrow('data.pages.adopt: a text begins empty')
  })

  it.each([
    ['a number', 7],
    ['half of a pair', 'tea \ud83d'],
  ])('refuses %s as a text, by name', async (_, body) => {
    atAws.write(page, { body })
    expect(await atAws.capture(page)).toBe('refused')
    expect([...atAws.deadLetters.letters.values()]).toMatchObject([{ field: 'body' }])
  })
})
