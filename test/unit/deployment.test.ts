/**
 * A site is being deployed: some of its functions are new, some are old, and all meet what the others wrote. An old function
 * must take nothing away, pass nothing on under the wrong name and put nothing aside; a new one takes all that waits.
 */
import { describe, expect, it } from 'vitest'
import { counter, defineSync, fields } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import { OtherDeclaration } from '../../shared/ports/index.ts'
import type { Answer } from '../../shared/replicate/answer.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { deploymentMsMax } from '../../shared/replicate/declared-state.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { messageAgeMaxMs } from '../../shared/replicate/message-age.ts'
import { publish } from '../../shared/replicate/publish.ts'
import { MemorySite } from './memory-site.ts'

const [aws, gcp] = ['aws-us-east-1', 'gcp-us-central1'] as const
const sites = {
  [aws]: { cloud: 'aws', region: 'us-east-1' },
  [gcp]: { cloud: 'gcp', region: 'us-central1' },
} as const
const older = defineSync({ sites, data: { carts: { key: ['ref'], merge: fields() } } })
const newer = defineSync({
  sites,
  data: {
    carts: { key: ['ref'], merge: fields({ visits: counter() }) },
    reviews: { key: ['ref'], merge: fields() },
  },
})

const cart = { type: 'carts', key: ['a'] }
const review = { type: 'reviews', key: ['a'] }
const visited: Document = { title: 'tea', visits: 2 }

const letters = (site: MemorySite) => [...site.deadLetters.letters.values()]

/** The ports of a function of this site that has not been replaced yet. */
const oldPorts = (site: MemorySite) => ({ ...site.ports, here: createHere(older, site.id) })

/** A site where the functions are new, with a document that uses what is new. */
async function newSite(document: Document = visited, ref = cart): Promise<MemorySite> {
  const site = new MemorySite(newer, aws)
  site.write(ref, document)
  await site.capture(ref)
  return site
}

/** A peer of this declaration: it holds what was made under another. */
class PeerWith {
  readonly taken: ChangeEvent[] = []
  readonly #hash: string

  constructor({ hash }: { readonly hash: string }) {
    this.#hash = hash
  }

  async deliver(events: readonly ChangeEvent[]): Promise<readonly Answer[]> {
    return events.map(event => {
      if (event.change.plan !== this.#hash) return { answer: 'held' }
      this.taken.push(event)
      return { answer: 'applied' }
    })
  }
}

const forwardTo = (peer: PeerWith, texts: readonly string[], ports: ReturnType<typeof oldPorts>) =>
  forward(texts, { ...ports, peerId: gcp, peer })

describe('while an old function works beside new ones', () => {
  it('capture leaves a write alone that was made to what a new one captured; its successor takes it', async () => {
    const site = await newSite()
    const written = { ...visited, visits: 5 }
    site.write(cart, written)
    await expect(capture(cart, oldPorts(site))).rejects.toBeInstanceOf(OtherDeclaration)
    expect(letters(site)).toEqual([])
    expect(await site.capture(cart)).toBe('captured')
    expect(site.document(cart)).toEqual(written)
  })

  it('counts from when a record was committed here, not from the write, which may have waited for long', async () => {
    const from = new MemorySite(newer, gcp)
    const { change } = await from.change(cart, visited)
    const site = new MemorySite(newer, aws)
    site.clock.nowMs += 2 * deploymentMsMax
    expect(await ingest([change], gcp, site.ports)).toEqual([{ answer: 'applied' }])
    site.write(cart, { ...visited, visits: 5 })
    await expect(capture(cart, oldPorts(site))).rejects.toBeInstanceOf(OtherDeclaration)
  })

  it('ingest takes nothing out of a document that it does not know whole, and is asked again', async () => {
    const from = new MemorySite(older, gcp)
    const { change } = await from.change(cart, { title: 'tea', price: 3 })
    const site = await newSite()
    expect(await ingest([change], gcp, oldPorts(site))).toEqual([
      { answer: 'busy', reason: expect.stringContaining('another declaration') },
    ])
    expect(site.document(cart)).toEqual(visited)
  })

  it.each([
    ['of a new type', { title: 'good' }, review],
    ['with a field that merges in a new way', visited, cart],
  ])('publish only names a record %s, and a new forward sends it', async (_, document, ref) => {
    const site = await newSite(document, ref)
    site.write(cart, { title: 'a neighbour' })
    await site.capture(cart)
    await publish(site.versions.splice(0), oldPorts(site))
    expect(letters(site)).toEqual([])
    const [text = ''] = site.texts.splice(0)
    const peer = new PeerWith(newer)
    expect(await forwardTo(peer, [text], oldPorts(site))).toMatchObject([{ outcome: 'waits', claim: text }])
    expect(await forwardTo(peer, [text], site.ports)).toEqual([{ outcome: 'done' }])
    expect(peer.taken.map(({ change }) => [change.type, change.plan])).toEqual([[ref.type, newer.hash]])
  })

  it('forward keeps a change of a type that it does not know, and its successor sends it', async () => {
    const site = await newSite({ title: 'good' }, review)
    await site.work()
    const [text = ''] = site.texts.splice(0)
    const peer = new PeerWith(newer)
    const [outcome] = await forwardTo(peer, [text], oldPorts(site))
    expect(outcome).toMatchObject({ outcome: 'waits', reason: expect.stringContaining('reviews') })
    const claim = outcome?.outcome === 'waits' ? outcome.claim : ''
    expect(await forwardTo(peer, [claim], oldPorts(site))).toMatchObject([{ outcome: 'waits', claim }])
    expect(await forwardTo(peer, [claim], site.ports)).toEqual([{ outcome: 'done' }])
    expect(peer.taken.map(({ change }) => change.plan)).toEqual([newer.hash])
  })

  it('forward does not pass on under the old name what only the new one can read', async () => {
    const site = await newSite()
    await site.work()
    const [text = ''] = site.texts.splice(0)
    const peer = new PeerWith(older)
    const [outcome] = await forwardTo(peer, [text], oldPorts(site))
    expect(outcome).toMatchObject({ outcome: 'waits', reason: expect.stringContaining('another declaration') })
    expect(peer.taken).toEqual([])
    const claim = outcome?.outcome === 'waits' ? outcome.claim : ''
    expect(await forwardTo(peer, [claim], oldPorts(site))).toMatchObject([{ outcome: 'waits', claim }])
    expect(letters(site)).toEqual([])
    expect(await forwardTo(new PeerWith(newer), [claim], site.ports)).toEqual([{ outcome: 'done' }])
  })

  it('a record that both can read is passed on under either', async () => {
    const site = await newSite({ title: 'tea' })
    await publish(site.versions.splice(0), oldPorts(site))
    const texts = site.texts.splice(0)
    const peer = new PeerWith(older)
    expect(await forwardTo(peer, texts, oldPorts(site))).toEqual([{ outcome: 'done' }])
    expect(peer.taken).toHaveLength(1)
  })
})

describe('after the time that a deployment may take', () => {
  it('what still cannot be read is put aside by capture, and answered by name by ingest', async () => {
    const from = new MemorySite(older, gcp)
    const { change } = await from.change(cart, { title: 'tea', price: 3 })
    const site = await newSite()
    site.clock.nowMs += deploymentMsMax
    expect(await ingest([change], gcp, oldPorts(site))).toMatchObject([{ answer: 'refused' }])
    site.write(cart, { ...visited, visits: 5 })
    expect(await capture(cart, oldPorts(site))).toBe('refused')
    expect(letters(site)).toHaveLength(1)
  })

  it('a change of a type that is in no declaration any more waits until it is no news', async () => {
    const site = await newSite({ title: 'good' }, review)
    await site.work()
    const [text = ''] = site.texts.splice(0)
    const peer = new PeerWith(older)
    site.clock.nowMs += messageAgeMaxMs - 1
    expect(await forwardTo(peer, [text], oldPorts(site))).toMatchObject([{ outcome: 'waits' }])
    site.clock.nowMs += 1
    expect(await forwardTo(peer, [text], oldPorts(site))).toEqual([{ outcome: 'done' }])
  })
})
