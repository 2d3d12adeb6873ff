/** Too many at once and a small store answers none in time; one that failed and took the others along, and they were lost. */
import { describe, expect, it } from 'vitest'
import { createLimit } from '../../shared/replicate/limit.ts'
import { recordsAtOnce, sideBySide } from '../../shared/replicate/side-by-side.ts'
import { createCrowd } from '../crowd.ts'

const tick = () => new Promise(setImmediate)

describe('records side by side', () => {
  it('are as many at once as may be, and no more, until all had their turn, those that fail too', async () => {
    const crowd = createCrowd(recordsAtOnce, 20)
    const items = Array.from({ length: 5 * recordsAtOnce + 1 }, (_, index) => index)
    const results = await sideBySide(items, item =>
      crowd.visit(async () => {
        // They end in another order than they began.
        for (let n = 0; n < (item * 7) % 5; n++) await tick()
        if (item % 3 === 0) throw new Error(`no ${item}`)
        return item * 2
      }),
    )
    expect(crowd.most).toBe(recordsAtOnce)
    expect(results).toEqual(
      items.map(item =>
        item % 3 === 0
          ? { status: 'rejected', reason: new Error(`no ${item}`) }
          : { status: 'fulfilled', value: item * 2 },
      ),
    )
  })

  it('that throw before they begin leave their place to the next', async () => {
    const results = await sideBySide(Array.from({ length: 3 * recordsAtOnce }), () => {
      throw new Error('at once')
    })
    expect(results.map(({ status }) => status)).toEqual(Array(3 * recordsAtOnce).fill('rejected'))
  })

  it('may be none', async () => {
    expect(await sideBySide([], () => Promise.reject(new Error('never')))).toEqual([])
  })
})

describe('a limit', () => {
  it('that is asked when it is free keeps nobody else waiting', async () => {
    const limit = createLimit(1)
    const first = Promise.withResolvers<void>()
    const order: string[] = []
    const all = Promise.all([
      limit(() => first.promise),
      limit.untilFree().then(() => order.push('free')),
      limit(async () => order.push('second')),
      limit.untilFree().then(() => order.push('free again')),
    ])
    for (let n = 0; n < 3; n++) await tick()
    expect(order).toEqual([])
    first.resolve()
    await all
    expect(order.toSorted()).toEqual(['free', 'free again', 'second'])
  })

  it('lets nobody pass between who ends and who waits', async () => {
    const limit = createLimit(2)
    let inside = 0
    let most = 0
    const work = async () => {
      inside += 1
      most = Math.max(most, inside)
      await tick()
      inside -= 1
    }
    // Each asks again in the moment in which it ends.
    const again = async (times: number): Promise<void> => {
      await limit(work)
      if (times > 0) await Promise.all([again(times - 1), limit(work)])
    }
    await Promise.all([again(5), again(5), again(5), limit(work)])
    expect(most).toBe(2)
  })
})
