import fc from 'fast-check'
import { counter, fields, register, set } from '../../shared/declare/index.ts'
import { composedRuns } from './cases.ts'
import { amounts, arrayBy, names, objectOf, optional, texts } from './documents.ts'
import { describeMergeLaws } from './merge-laws.ts'

describeMergeLaws(
  'fields in the elements of a set in fields',
  fields({ depot: fields({ items: set(fields({ box: fields({ left: counter() }) })) }) }),
  optional({
    depot: optional({ items: objectOf(names, optional({ box: optional({ left: amounts, label: texts }) }), 2) }),
  }),
  composedRuns,
)

describeMergeLaws(
  'a set in the elements of a set',
  fields({ orders: set(fields({ lines: set(fields({ quantity: counter() })) })) }),
  optional({ orders: objectOf(names, optional({ lines: objectOf(names, optional({ quantity: amounts }), 2) }), 2) }),
  composedRuns,
)

describeMergeLaws(
  'a set of sets',
  fields({ orders: set(set(register())) }),
  optional({ orders: objectOf(names, objectOf(names, texts, 2), 2) }),
  composedRuns,
)

describeMergeLaws(
  'an array in the elements of an array',
  fields({ orders: set(fields({ lines: set(fields({ quantity: counter() }), { by: 'sku' }) }), { by: 'id' }) }),
  optional({
    orders: arrayBy(
      'id',
      fc.constantFrom(1, 2),
      optional({ lines: arrayBy('sku', fc.constantFrom('tea', 'mug'), optional({ quantity: amounts })) }),
    ),
  }),
  composedRuns,
)
