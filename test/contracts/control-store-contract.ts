/** What every store promises to those who steer a site. Where it fails, a pause is forgotten, or an adoption begun twice. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adoptionsIn } from '../../functions/common/adoptions.ts'
import type { ControlStore } from '../../shared/ports/index.ts'

export interface ControlStoreUnderTest {
  readonly control: ControlStore
  close(): Promise<void>
}

export function describeControlStore(name: string, open: () => Promise<ControlStoreUnderTest>): void {
  describe(`${name}, what steers the site`, () => {
    let under: ControlStoreUnderTest
    beforeAll(async () => {
      under = await open()
    })
    afterAll(() => under?.close())

    it('is what was written last, each under its own name; nothing where nothing was', async () => {
      const [one, other] = [`flow-${randomUUID()}`, `flow-${randomUUID()}`]
      expect(await under.control.read(one)).toBeUndefined()
      await under.control.write(one, 'first')
      await under.control.write(one, '{"second":"ü"}')
      expect(await under.control.read(one)).toBe('{"second":"ü"}')
      expect(await under.control.read(other)).toBeUndefined()
    })

    it('keeps how far an adoption is', async () => {
      const adoptions = adoptionsIn(under.control)
      const type = `carts-${randomUUID()}`
      expect(await adoptions.read(type)).toBeUndefined()
      await adoptions.write(type, { phase: 'noting', sinceMs: 1_773_500_966_535 })
      expect(await adoptions.read(type)).toEqual({ phase: 'noting', sinceMs: 1_773_500_966_535 })
    })
  })
}
