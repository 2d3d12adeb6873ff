/** Forward where a trigger hands over one message at a time: requests to a peer must not be one per message. */
import { expect, test } from 'vitest'
import { gathered } from '../../functions/common/gathered.ts'

/** Calls that are answered by hand. */
function scripted(itemsMax: number) {
  const calls: { readonly items: readonly string[]; readonly answer: PromiseWithResolvers<readonly string[]> }[] = []
  const one = gathered((items: readonly string[]) => {
    const answer = Promise.withResolvers<readonly string[]>()
    calls.push({ items, answer })
    return answer.promise
  }, itemsMax)
  const answer = async (index: number) => {
    const call = calls[index]
    call?.answer.resolve(call.items.map(item => item.toUpperCase()))
    await new Promise(setImmediate)
  }
  return { one, calls, answer }
}

const moment = () => new Promise(setImmediate)

test('the first goes at once; those that come meanwhile go together, each with its own result', async () => {
  const { one, calls, answer } = scripted(100)
  const first = one('a')
  await moment()
  const all = [first, ...['b', 'c'].map(one)]
  expect(calls.map(({ items }) => items)).toEqual([['a']])
  await answer(0)
  expect(calls.map(({ items }) => items)).toEqual([['a'], ['b', 'c']])
  await answer(1)
  expect(await Promise.all(all)).toEqual(['A', 'B', 'C'])

  const later = [one('d'), one('e')]
  await moment()
  expect(calls.at(-1)?.items, 'those of one moment go together too').toEqual(['d', 'e'])
  await answer(2)
  expect(await Promise.all(later)).toEqual(['D', 'E'])
})

test('no call has more items than it may', async () => {
  const { one, calls, answer } = scripted(2)
  const all = ['a', 'b', 'c', 'd', 'e'].map(one)
  await moment()
  for (const index of [0, 1, 2]) await answer(index)
  expect(calls.map(({ items }) => items)).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  expect(await Promise.all(all)).toEqual(['A', 'B', 'C', 'D', 'E'])
})

test('a call that fails fails for all it was made for, so that their triggers try again, and the next one is made', async () => {
  const { one, calls, answer } = scripted(100)
  const all = ['a', 'b'].map(item => one(item).catch(String))
  await moment()
  calls[0]?.answer.reject(new Error('no queue'))
  expect(await Promise.all(all)).toEqual(['Error: no queue', 'Error: no queue'])
  const again = one('b')
  await moment()
  await answer(1)
  expect(await again).toBe('B')
})

test('a message without a result is not taken for a delivered one', async () => {
  const { one, calls } = scripted(100)
  const first = one('a')
  await moment()
  calls[0]?.answer.resolve([])
  await expect(first).rejects.toThrow('0 results for 1 items')
})
