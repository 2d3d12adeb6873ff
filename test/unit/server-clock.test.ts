/** The time of a cloud as its servers tell it: a machine whose clock is wrong must not say what was there before. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { serverClockAhead } from '../../tools/accounts/server-clock.ts'

async function serverAt(date: () => string | undefined): Promise<string> {
  const server = createServer((_, response) => {
    response.sendDate = false
    const told = date()
    if (told !== undefined) response.setHeader('date', told)
    response.writeHead(403).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const hourMs = 3_600_000

it.each([-hourMs, 0, hourMs])('%i ms ahead, to a second', async aheadMs => {
  const url = await serverAt(() => new Date(Date.now() + aheadMs).toUTCString())
  const told = await serverClockAhead(url)
  expect(Math.abs((told ?? Number.NaN) - aheadMs)).toBeLessThan(1_000)
})

it('is not known of a server that does not tell, tells nonsense, or is not there', async () => {
  expect(await serverClockAhead(await serverAt(() => undefined))).toBeUndefined()
  expect(await serverClockAhead(await serverAt(() => 'noon'))).toBeUndefined()
  expect(await serverClockAhead('http://127.0.0.1:1')).toBeUndefined()
})
