/** Pause, resume, limit and drain on the three local clouds: applications must not notice, and nothing may be lost. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import type { TestClouds } from './running-clouds.ts'
import { sharedClouds } from './shared-clouds.ts'

let running: TestClouds

beforeAll(async () => {
  running = await sharedClouds()
})

/** Longer than an instance goes by what it knew before. */
const takenEffectMs = 2_300

async function tributary(...parameters: readonly string[]) {
  const program = join(projectRoot, 'tools/cli/tributary.ts')
  const options = { cwd: projectRoot, env: { ...process.env, TRIBUTARY_LOCAL: running.folder } }
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...parameters, '--json'], options)
    return { code: 0, rows: JSON.parse(stdout), err: '' }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, rows: stdout ? JSON.parse(stdout) : undefined, err: stderr }
  }
}

const cart = (id: string, quantity: number) => ({ customer_id: id, currency: 'EUR', items: { tea: { quantity } } })
const product = (id: string, title: string) => ({ product_id: id, title })
const clientAt = (site: string) => {
  const client = running.clients.find(each => each.site === site)
  if (!client) throw new Error(`no client at ${site}`)
  return client
}
const sites = () => running.clients.map(({ site }) => site)

test('what one type has to say waits at every site while the other type travels, and then comes, once', async () => {
  expect((await tributary('pause', 'carts', '--for', '10m')).rows).toHaveLength(6)
  await sleep(takenEffectMs)
  for (const site of sites()) {
    // Twice, so that what waits is not one delta alone.
    await clientAt(site).put('carts', cart(`paused-${site}`, 1))
    await clientAt(site).put('carts', cart(`paused-${site}`, 2))
    await clientAt(site).put('products', product(`open-${site}`, 'tea'))
  }
  for (const site of sites()) await running.everywhere('products', [`open-${site}`], product(`open-${site}`, 'tea'))
  for (const site of sites())
    for (const other of sites().filter(each => each !== site))
      expect(await clientAt(other).read('carts', [`paused-${site}`])).toBeUndefined()

  const status = await tributary('status')
  const carts = status.rows.routes.filter(({ type }: { type: string }) => type === 'carts')
  expect(carts).toHaveLength(6)
  for (const route of carts) {
    expect(route.backlog).toBe(1)
    expect(route.pausedUntilMs).toBeGreaterThan(Date.now())
  }
  expect(await tributary('drain', 'carts')).toMatchObject({ code: 1, err: expect.stringContaining('tributary resume') })

  await tributary('resume', 'carts')
  for (const site of sites()) await running.everywhere('carts', [`paused-${site}`], cart(`paused-${site}`, 2))
  await running.atRest()
  const letters = (await tributary('status')).rows.deadLetters
  expect(letters).toEqual(Object.fromEntries(sites().map(site => [site, 0])))
}, 90_000)

test('one route is paused as a whole; the others, and the way back, go on', async () => {
  const [from = '', to = '', third = ''] = sites()
  await tributary('pause', '--from', from, '--to', to)
  await sleep(takenEffectMs)
  await clientAt(from).put('products', product('there', 'held back'))
  await clientAt(to).put('products', product('back', 'goes'))
  await running.everywhere('products', ['back'], product('back', 'goes'))
  await expect.poll(() => clientAt(third).read('products', ['there']), { timeout: 20_000 }).toBeDefined()
  expect(await clientAt(to).read('products', ['there'])).toBeUndefined()
  // What would end only a part of the pause says how to end it.
  const partly = await tributary('resume', 'products', '--from', from, '--to', to)
  expect(partly).toMatchObject({ code: 1, err: expect.stringContaining(`tributary resume --from ${from} --to ${to}`) })
  await tributary('resume', '--from', from, '--to', to)
  await running.everywhere('products', ['there'], product('there', 'held back'))
}, 90_000)

test('a limited route sends no more than that, and everything arrives', async () => {
  const [from = '', to = ''] = sites()
  await tributary('limit', '5', '--from', from, '--to', to)
  await sleep(takenEffectMs)
  const startedMs = Date.now()
  const ids = Array.from({ length: 20 }, (_, index) => `limited-${index}`)
  for (const id of ids) await clientAt(from).put('products', product(id, 'slow'))
  for (const id of ids) await running.everywhere('products', [id], product(id, 'slow'))
  // However many of these went in one batch, what comes behind them has to wait until their time is over: 20 at 5 a second.
  await clientAt(from).put('products', product('limited-last', 'slow'))
  await running.everywhere('products', ['limited-last'], product('limited-last', 'slow'))
  expect(Date.now() - startedMs).toBeGreaterThan(4_000)
  const route = (await tributary('status')).rows.routes.find(
    ({ site, peer }: { site: string; peer: string }) => site === from && peer === to,
  )
  expect(route.changesPerSecond).toBe(5)
  await tributary('limit', 'off')
}, 90_000)

test('drain waits until all is there, pauses what comes after, and tells what is left when its time is over', async () => {
  const [from = '', to = ''] = sites()
  for (let index = 0; index < 20; index++) await clientAt(from).put('products', product(`drained-${index}`, 'x'))
  const drained = await tributary('drain', 'products', '--from', from, '--then-pause')
  expect(drained.code).toBe(0)
  expect(drained.rows.every(({ left }: { left: number }) => left === 0)).toBe(true)
  await sleep(takenEffectMs)
  await clientAt(from).put('products', product('after', 'waits'))
  await sleep(1_000)
  expect(await clientAt(to).read('products', ['after'])).toBeUndefined()
  await tributary('resume')
  await running.everywhere('products', ['after'], product('after', 'waits'))

  await running.clouds.cut([to])
  await clientAt(from).put('products', product('cut', 'off'))
  await expect
    .poll(async () => (await tributary('drain', '--from', from, '--to', to, '--timeout', '1s')).code, {
      timeout: 20_000,
    })
    .toBe(1)
  await running.clouds.cut([])
  await running.everywhere('products', ['cut'], product('cut', 'off'))
}, 120_000)
