/** From strings to operations and back: a wrong one puts somebody's words where nobody wrote them, or cuts a character. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { replacingOp, textOpBetween } from '../../shared/resolve/text-diff.ts'
import {
  applyEdit,
  applyOp,
  charactersIn,
  dividedOp,
  isTextOp,
  type TextOp,
  transformed,
} from '../../shared/resolve/text-operation.ts'

const characters = fc.constantFrom('a', 'b', 'tea', ' ', '\n', 'ü', '☂', '💃', '👩‍💻')
const strings = fc.array(characters, { maxLength: 40 }).map(drawn => drawn.join(''))
const numRuns = 2_000

function operations(before: string): fc.Arbitrary<TextOp> {
  return fc.oneof(
    strings.map(after => textOpBetween(before, after)),
    fc
      .tuple(fc.nat(charactersIn(before)), fc.nat(5), fc.array(characters, { maxLength: 3 }))
      .map(([at, gone, come]) => {
        const after = [...before]
        after.splice(at, gone, ...come)
        return textOpBetween(before, after.join(''))
      }),
  )
}

describe('the operation between two strings', () => {
  it('makes the one of the other, and is one that is taken from outside', () => {
    fc.assert(
      fc.property(strings, strings, (before, after) => {
        for (const op of [textOpBetween(before, after), replacingOp(before, after)]) {
          expect(applyOp(before, op)).toBe(after)
          expect(isTextOp(op)).toBe(true)
        }
      }),
      { numRuns },
    )
  })

  it.each<[string, string, string, TextOp]>([
    ['nothing', 'tea', 'tea', []],
    ['a letter inserted', 'tea', 'tear', [3, 'r']],
    ['a letter after a dancer', '💃 tea', '💃 teas', [5, 's']],
    ['one dancer instead of another, which begins with the same code unit', 'a💃b', 'a💄b', [1, '💄', { d: 1 }]],
    ['two lines far apart', 'one\ntwo\nthree\n', 'one!\ntwo\nthree!\n', [3, '!', 10, '!']],
    ['all of it', 'tea', '', [{ d: 3 }]],
  ])('is the shortest: %s', (_, before, after, op) => {
    expect(textOpBetween(before, after)).toEqual(op)
  })

  it('of a long text that was rewritten everywhere is found in no time', () => {
    const random = (seed: number) =>
      Array.from({ length: 100_000 }, (_, index) => String.fromCharCode(97 + ((index * index * seed) % 26))).join('')
    for (const [before, after] of [
      [random(7), random(11)],
      [random(7).replaceAll('a', ' '), random(11).replaceAll('b', ' ')],
      [random(7).replaceAll('a', '\n'), random(11).replaceAll('b', '\n')],
    ] as const) {
      const startedMs = performance.now()
      expect(applyOp(before, textOpBetween(before, after))).toBe(after)
      expect(performance.now() - startedMs).toBeLessThan(3_000)
    }
  })

  it('of a long text keeps two edits that are far apart two', () => {
    const line = (number: number) => `Line ${number}: tea is good for you, they say, and cheap.\n`
    const long = Array.from({ length: 2_000 }, (_, number) => line(number)).join('')
    const edited = long.replace('Line 10:', 'Line ten:').replace('Line 1990:', 'Line 1,990:')
    expect(textOpBetween(long, edited).filter(part => typeof part === 'string')).toEqual(['ten', ','])
  })
})

describe('two operations on the same string', () => {
  const pairs = strings.chain(before => fc.tuple(fc.constant(before), operations(before), operations(before)))

  it('lead to the same string in either order, if the later one is transformed (TP1)', () => {
    fc.assert(
      fc.property(pairs, ([before, a, b]) => {
        const one = { site: 'aws-us-east-1', edit: { body: a } }
        const other = { site: 'gcp-us-central1', edit: { body: b } }
        const text = { body: before }
        const oneFirst = applyEdit(applyEdit(text, one.edit), transformed(other, one))
        expect(applyEdit(applyEdit(text, other.edit), transformed(one, other))).toEqual(oneFirst)
      }),
      { numRuns },
    )
  })

  it('leave each other alone in different fields', () => {
    const early = { site: 'aws-us-east-1', edit: { summary: ['x'] } }
    const late = { site: 'gcp-us-central1', edit: { body: [1, 'y'] } }
    expect(transformed(late, early)).toEqual(late.edit)
  })
})

describe('an operation on several texts that are read as one', () => {
  const divided = fc
    .array(strings, { minLength: 1, maxLength: 3 })
    .chain(texts => fc.tuple(fc.constant(texts), operations(texts.join(''))))

  it('does to them together what it does to the whole', () => {
    fc.assert(
      fc.property(divided, ([texts, op]) => {
        const ops = dividedOp(op, texts.map(charactersIn))
        expect(ops.every(isTextOp)).toBe(true)
        expect(texts.map((text, index) => applyOp(text, ops[index] ?? [])).join('')).toBe(applyOp(texts.join(''), op))
      }),
      { numRuns },
    )
  })
})
