/**
 * What an adoption does where not all goes well: documents that cannot be carried or held, a command that is stopped, a site
 * that was not there. Whoever believes "adopted" writes at three sites from then on, and counts on one baseline.
 */
import { describe, expect, it } from 'vitest'
import { counter, fields } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import { StoreUnavailable, ValueRefused } from '../../shared/ports/index.ts'
import { AdoptingSites } from './adopting-sites.ts'
import { settle } from './memory-site.ts'
import { awsSite, azureSite, gcpSite, thing } from './three-sites.ts'

const shelves = () => new AdoptingSites(fields({ on_hand: counter() }))
const units = (on_hand: number): Document => ({ on_hand })
const odd: Document = { on_hand: 'many' }
const one = (id: string) => ({ type: 'things', key: [id] })
const all = (document: Document | undefined) => [document, document, document]
const letters = ({ sites }: AdoptingSites, place: number) => [...(sites[place]?.deadLetters.letters.values() ?? [])]

describe('a document that cannot be carried', () => {
  it("is told and stays as it is; the others' document is the baseline, and it counts on top once it is mended", async () => {
    const adopting = shelves()
    adopting.write(thing, [odd, units(5), units(5)])
    adopting.write(one('beside'), all(units(1)))
    expect(await adopting.run()).toMatchObject({ outcome: 'adopted', seen: 2, equal: 1, refused: 1 })
    expect(adopting.refused).toEqual([
      { ref: thing, site: awsSite, reason: expect.stringContaining("field 'on_hand': a counter holds a number") },
    ])
    expect(adopting.documents(thing)).toEqual([odd, units(5), units(5)])

    expect(await adopting.hear(0, thing, odd)).toBe('refused')
    expect(letters(adopting, 0)).toMatchObject([{ kind: 'document', ref: thing, field: 'on_hand' }])

    adopting.sites[0]?.write(thing, units(7))
    adopting.sites[1]?.write(thing, units(6))
    await settle(adopting.sites)
    expect(adopting.documents(thing)).toEqual(all(units(8)))
  })

  it('of which no site has another one begins when it is mended', async () => {
    const adopting = shelves()
    adopting.write(thing, [odd, undefined, undefined])
    expect(await adopting.run()).toMatchObject({ outcome: 'adopted', seen: 1, refused: 1 })
    adopting.sites[0]?.write(thing, units(7))
    await settle(adopting.sites)
    expect(adopting.documents(thing)).toEqual(all(units(7)))
  })
})

describe('a site that cannot hold what was agreed on', () => {
  it('stops the adoption by name, nothing is captured anywhere until it can, and then everything counts once', async () => {
    const adopting = shelves()
    adopting.write(thing, [units(5), units(5), undefined])
    adopting.faults.set(2, store => ({
      commit: commit =>
        commit.document
          ? Promise.reject(new ValueRefused(commit.ref, ['on_hand'], 'more than it holds'))
          : store.commit(commit),
    }))
    expect(await adopting.run()).toMatchObject({ outcome: 'blocked', refused: 1 })
    expect(adopting.refused).toEqual([
      { ref: thing, site: azureSite, reason: expect.stringContaining('more than it holds') },
    ])
    expect(adopting.phases()).toEqual(['noting', 'noting', 'noting'])
    adopting.sites[1]?.write(thing, units(8))
    expect(await adopting.hear(1, thing, units(5))).toBe('unchanged')
    expect(adopting.documents(thing)).toEqual([units(5), units(8), undefined])

    adopting.faults.clear()
    expect(await adopting.run()).toMatchObject({ outcome: 'adopted', already: false })
    await settle(adopting.sites)
    expect(adopting.documents(thing)).toEqual(all(units(8)))
  })
})

describe('a command that is stopped', () => {
  it.each(['comparing', 'capturing'])('while it is %s goes on the next time, and nothing counts twice', async at => {
    const adopting = shelves()
    const refs = Array.from({ length: 20 }, (_, index) => one(`s${index}`))
    for (const ref of refs) adopting.write(ref, all(units(5)))
    const stop = new AbortController()
    const outcome = await adopting.run({
      signal: stop.signal,
      onProgress: ({ step }) => {
        if (step === at) stop.abort()
      },
    })
    expect(outcome).toMatchObject({ outcome: 'interrupted' })
    expect(new Set(adopting.phases())).toEqual(new Set([at === 'comparing' ? 'noting' : 'capturing']))
    for (const ref of refs) adopting.sites[0]?.write(ref, units(6))

    // What was noted stands, so that what was written since is a write.
    expect(await adopting.run()).toMatchObject({ outcome: 'adopted', already: false, captured: refs.length })
    expect(new Set(adopting.phases())).toEqual(new Set(['adopted']))
    await settle(adopting.sites)
    for (const ref of refs) expect(adopting.documents(ref)).toEqual(all(units(6)))
    expect(await adopting.run()).toMatchObject({ outcome: 'adopted', already: true })
  })
})

describe('a named baseline', () => {
  it('counts where documents differ; what only others have is kept', async () => {
    const adopting = shelves()
    adopting.write(thing, [units(5), units(3), units(9)])
    adopting.write(one('elsewhere'), [units(4), undefined, units(2)])
    expect(await adopting.run({ baseline: gcpSite })).toMatchObject({ outcome: 'adopted', different: 2 })
    await settle(adopting.sites)
    expect(adopting.documents(thing)).toEqual(all(units(3)))
    expect(adopting.documents(one('elsewhere'))).toEqual(all(units(4)))
  })
})

it('a site that was not there when the others adopted is named, and nothing is changed', async () => {
  const adopting = shelves()
  adopting.write(thing, all(units(5)))
  await adopting.run()
  adopting.adoptions[2]?.adoptions.clear()
  await expect(adopting.run()).rejects.toThrow(`${azureSite} was not there when the other sites adopted this type`)
  expect(adopting.phases()).toEqual(['adopted', 'adopted', undefined])
})

describe('a store that throttles', () => {
  const refusing = (adopting: AdoptingSites, times: number) => {
    let left = times
    adopting.faults.set(1, store => ({
      readRecord: ref => (left-- > 0 ? Promise.reject(new StoreUnavailable('throttled')) : store.readRecord(ref)),
    }))
  }

  it('is asked again, and no record is refused for that', async () => {
    const adopting = shelves()
    adopting.write(thing, all(units(5)))
    refusing(adopting, 9)
    expect(await adopting.run()).toMatchObject({ outcome: 'adopted', equal: 1, refused: 0 })
  })

  it('for long ends the command, which goes on the next time', async () => {
    const adopting = shelves()
    adopting.write(thing, all(units(5)))
    refusing(adopting, 10)
    await expect(adopting.run()).rejects.toThrow('throttled')
    expect(new Set(adopting.phases())).toEqual(new Set(['noting']))
    expect(await adopting.run()).toMatchObject({ outcome: 'adopted', equal: 1 })
  })
})
