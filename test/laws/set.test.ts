import { counter, fields, register, set } from '../../shared/declare/index.ts'
import { amounts, names, objectOf, optional, texts, values } from './documents.ts'
import { describeMergeLaws } from './merge-laws.ts'

describeMergeLaws('a set of registers', fields({ tags: set(register()) }), optional({ tags: objectOf(names, values) }))

describeMergeLaws('a set of counters', fields({ stock: set(counter()) }), optional({ stock: objectOf(names, amounts) }))

describeMergeLaws(
  'a set of fields',
  fields({ items: set(fields({ quantity: counter() })) }),
  optional({ items: objectOf(names, optional({ quantity: amounts, note: texts })) }),
)
