/**
 * An application left another string: which edit was it? The shortest one that makes the one of the other (Myers 1986).
 *
 * What was rewritten is found line by line first, then word by word, then character by character: a long text costs no
 * more than its changed lines do. Where too much of it changed at once to be compared, it counts as replaced.
 */
import diff from 'fast-diff'
import { charactersIn, type TextOp } from './text-operation.ts'

/** From coarse to fine. By `u` a character is a code point. */
const grains = [/[^\n]*\n|[^\n]+/gu, /\s+|\S+/gu, /./gsu]

/** The worst comparison of so many pieces takes some 100 ms. Each has a code unit of its own, none of them a surrogate. */
const piecesMax = 6_000

type Step = readonly [kind: 'same' | 'gone' | 'new', text: string]

export function textOpBetween(before: string, after: string): TextOp {
  return opFrom(steps(before, after, 0))
}

/** All of the one goes, the other comes. */
export function replacingOp(before: string, after: string): TextOp {
  return opFrom(before === after ? [] : replaced(before, after))
}

function replaced(before: string, after: string): readonly Step[] {
  return [
    ['gone', before],
    ['new', after],
  ]
}

function steps(before: string, after: string, level: number): readonly Step[] {
  if (before === after) return [['same', before]]
  const grain = grains[level]
  if (before === '' || after === '' || !grain) return replaced(before, after)
  const compared = comparedPieces(before.match(grain) ?? [], after.match(grain) ?? [])
  const finer = level + 1
  return compared.flatMap(([kind, gone, come]) =>
    kind === 'same' ? [['same', gone] as const] : steps(gone, come, finer),
  )
}

/** What is the same, and between that what stands instead of what; either side of a change may be empty. */
type Compared = readonly [kind: 'same' | 'changed', before: string, after: string]

function comparedPieces(before: readonly string[], after: readonly string[]): readonly Compared[] {
  const start = commonStart(before, after)
  const end = commonStart(before.slice(start).toReversed(), after.slice(start).toReversed())
  const [a, b] = [before.slice(start, before.length - end), after.slice(start, after.length - end)]
  return [
    ['same', before.slice(0, start).join(''), ''],
    ...(a.length + b.length > piecesMax ? [['changed', a.join(''), b.join('')] as const] : comparedMiddle(a, b)),
    ['same', before.slice(before.length - end).join(''), ''],
  ]
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

/** Each different piece is one code unit, and the library compares strings of them. */
function comparedMiddle(a: readonly string[], b: readonly string[]): readonly Compared[] {
  const units = new Map<string, string>()
  const numbered = (pieces: readonly string[]) =>
    pieces.map(piece => {
      const unit = units.get(piece) ?? String.fromCharCode(units.size)
      units.set(piece, unit)
      return unit
    })
  const differences = diff(numbered(a).join(''), numbered(b).join(''))
  const pieces = [...units.keys()]
  const textOf = (numbers: string) => numbers.split('').map(unit => pieces[unit.charCodeAt(0)] ?? '')
  const compared: Compared[] = []
  let [gone, come] = ['', '']
  for (const [kind, numbers] of differences) {
    const text = textOf(numbers).join('')
    if (kind === diff.DELETE) gone += text
    else if (kind === diff.INSERT) come += text
    else {
      compared.push(['changed', gone, come], ['same', text, ''])
      gone = ''
      come = ''
    }
  }
  compared.push(['changed', gone, come])
  return compared
}

function opFrom(all: readonly Step[]): TextOp {
  const op: (number | string | { readonly d: number })[] = []
  let skipped = 0
  let [gone, come] = [0, '']
  const flush = () => {
    if (gone === 0 && come === '') return
    if (skipped > 0) op.push(skipped)
    if (come !== '') op.push(come)
    if (gone > 0) op.push({ d: gone })
    skipped = 0
    gone = 0
    come = ''
  }
  for (const [kind, text] of all) {
    if (text === '') continue
    if (kind === 'gone') gone += charactersIn(text)
    else if (kind === 'new') come += text
    else {
      flush()
      skipped += charactersIn(text)
    }
  }
  flush()
  return op
}
