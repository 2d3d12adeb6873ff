/** A site's part in an adoption, as a command asks its stores for it, and both ends of that. */
import { z } from 'zod'
import { type Adoption, type ScanPage, StoreUnavailable } from '../../shared/ports/index.ts'
import type { AdoptingSite, Noted, Settlement, Standing } from '../../shared/replicate/adopting-site.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'

const type = z.string()
const ref = z.object({ type, key: z.array(z.string()) })
const refs = z.array(ref)

export const adoptingRequest = z.discriminatedUnion('step', [
  z.object({ step: z.literal('adoption'), type }),
  z.object({ step: z.literal('begin'), type, inMs: z.number() }),
  z.object({ step: z.literal('advance'), type, phase: z.enum(['noting', 'capturing', 'adopted']) }),
  z.object({ step: z.literal('page'), type, of: z.enum(['documents', 'records']), cursor: z.string().optional() }),
  z.object({ step: z.literal('look'), refs }),
  z.object({ step: z.literal('note'), refs, hashes: z.array(z.string().nullable()) }),
  z.object({ step: z.literal('read'), ref }),
  z.object({ step: z.literal('settle'), ref, settlement: z.custom<Settlement>(value => typeof value === 'object') }),
  z.object({ step: z.literal('capture'), refs }),
])

export type AdoptingRequest = z.input<typeof adoptingRequest>

/** JSON has no undefined: an answer that is none is left out. */
type Answer = { readonly answer?: unknown } | { readonly unavailable: string }

/** At the site. */
export async function answerAdopting(site: AdoptingSite, asked: z.output<typeof adoptingRequest>): Promise<Answer> {
  try {
    return { answer: await answerTo(site, asked) }
  } catch (error) {
    // The caller waits and asks again.
    if (error instanceof StoreUnavailable) return { unavailable: error.message }
    throw error
  }
}

function answerTo(site: AdoptingSite, asked: z.output<typeof adoptingRequest>): Promise<unknown> {
  switch (asked.step) {
    case 'adoption':
      return site.adoption(asked.type)
    case 'begin':
      return site.begin(asked.type, asked.inMs)
    case 'advance':
      return site.advance(asked.type, asked.phase)
    case 'page':
      return site.scan[asked.of](asked.type, asked.cursor)
    case 'look':
      return site.look(asked.refs)
    case 'note':
      return site.note(asked.refs, asked.hashes)
    case 'read':
      return site.read(asked.ref)
    case 'settle':
      return site.settle(asked.ref, asked.settlement)
    case 'capture':
      return site.capture(asked.refs)
  }
}

/** At the command line. `ask` reaches the site; both ends are of one version, so that its answers are what they say. */
export function adoptingSiteBehind(site: string, ask: (request: AdoptingRequest) => Promise<unknown>): AdoptingSite {
  const asked = async <Result>(request: AdoptingRequest): Promise<Result> => {
    const answer = (await ask(request)) as { readonly answer: Result } | { readonly unavailable: string }
    if ('unavailable' in answer) throw new StoreUnavailable(answer.unavailable)
    return answer.answer
  }
  const plain = (all: readonly RecordRef[]) => all.map(plainRef)
  const scan = (of: 'documents' | 'records') => (name: string, cursor: string | undefined) =>
    asked<ScanPage>({ step: 'page', type: name, of, ...(cursor === undefined ? {} : { cursor }) })
  return {
    site,
    scan: { documents: scan('documents'), records: scan('records') },
    adoption: name => asked<Adoption | undefined>({ step: 'adoption', type: name }),
    begin: (name, inMs) => asked<void>({ step: 'begin', type: name, inMs }),
    advance: (name, phase) => asked<void>({ step: 'advance', type: name, phase }),
    look: all => asked<readonly Standing[]>({ step: 'look', refs: plain(all) }),
    note: (all, hashes) => asked<readonly Standing[]>({ step: 'note', refs: plain(all), hashes: [...hashes] }),
    read: one => asked<Noted>({ step: 'read', ref: plainRef(one) }),
    settle: (one, settlement) => asked<string | undefined>({ step: 'settle', ref: plainRef(one), settlement }),
    capture: all => asked<number>({ step: 'capture', refs: plain(all) }),
  }
}

function plainRef({ type: name, key }: RecordRef) {
  return { type: name, key: [...key] }
}
