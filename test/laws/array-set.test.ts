import fc from 'fast-check'
import { counter, fields, register, set } from '../../shared/declare/index.ts'
import { amounts, arrayBy, optional, texts } from './documents.ts'
import { describeMergeLaws } from './merge-laws.ts'

const identities = fc.constantFrom('tea', 'mug', '__proto__', 7)

describeMergeLaws(
  'a set of fields in an array',
  fields({ lines: set(fields({ quantity: counter() }), { by: 'sku' }) }),
  optional({ lines: arrayBy('sku', identities, optional({ quantity: amounts, note: texts })) }),
)

describeMergeLaws(
  'a set of registers in an array',
  fields({ lines: set(register(), { by: 'sku' }) }),
  optional({ lines: arrayBy('sku', identities, optional({ note: texts })) }),
)
