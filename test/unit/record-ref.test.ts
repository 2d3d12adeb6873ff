/** Two records must never share a name: one would overwrite the other's sync state. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyFromText, keyText, recordName, refFromName } from '../../shared/replicate/record-ref.ts'

const part = fc.string({ unit: 'grapheme', minLength: 1 })
const awkwardPart = fc.oneof(
  part,
  fc.stringMatching(/^[._]{1,5}$/),
  fc.string({
    unit: fc.constantFrom('|', '%', '#', '/', '\\', '?', '2', '7', 'C', 'F', '\u0000', '\n', '\u007f'),
    minLength: 1,
  }),
)
const keys = fc.array(awkwardPart, { minLength: 1, maxLength: 2 })

describe('a key as text', () => {
  it.each([
    [['alice'], 'alice'],
    [['ünï ☂'], 'ünï ☂'],
    [['a', 'b'], 'a|b'],
    [['a|b'], 'a%7Cb'],
    [['a%7Cb'], 'a%257Cb'],
    [['a/b\\c?d#e'], 'a%2Fb%5Cc%3Fd%23e'],
    [['line\nbreak'], 'line%0Abreak'],
    [['\u0000'], '%00'],
    [['\u0085'], '%C2%85'],
    [['.'], '%2e'],
    [['..'], '%2e.'],
    [['__name__'], '%5f_name__'],
    [['__a', 'b__'], '%5f_a|b__'],
    [['...'], '...'],
  ])('%j is written %j', (key, text) => {
    expect(keyText(key)).toBe(text)
    expect(keyFromText(text)).toEqual(key)
  })

  it('reads back as the key it was made from, so no two keys share a text', () => {
    fc.assert(
      fc.property(keys, key => void expect(keyFromText(keyText(key))).toEqual(key)),
      { numRuns: 2000 },
    )
  })

  it('holds nothing that a store refuses in an id', () => {
    fc.assert(
      fc.property(keys, key => void expect(keyText(key)).not.toMatch(/[/\\?#]|\p{Cc}|^\.{1,2}$|^__.*__$/u)),
      { numRuns: 2000 },
    )
  })
})

describe('the name of a record', () => {
  it('gives type and key back', () => {
    const types = fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/)
    fc.assert(
      fc.property(
        types,
        keys,
        (type, key) => void expect(refFromName(recordName({ type, key }))).toEqual({ type, key }),
      ),
    )
  })

  it('is refused when it has no type', () => {
    expect(() => refFromName('alice')).toThrow("'alice' is not the name of a record: type#key")
  })
})
