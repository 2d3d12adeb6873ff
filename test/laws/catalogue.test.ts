import fc from 'fast-check'
import { joinedParts } from '../../shared/declare/merge-descriptor.ts'
import { typeOf } from '../../shared/declare/sync-plan.ts'
import { numberFromDouble } from '../../shared/document/portable-number.ts'
import plan from '../../sync.config.ts'
import { amounts, names, objectOf, optional, texts, values } from './documents.ts'
import { describeMergeLaws } from './merge-laws.ts'

const documents = {
  products: fc.record({
    title: texts,
    price: fc.double({ noNaN: true, noDefaultInfinity: true }).map(numberFromDouble),
    attributes: values,
  }),
  carts: optional({
    currency: texts,
    note: texts,
    items: objectOf(names, optional({ quantity: amounts, note: texts })),
  }),
}

for (const [name, arbitraryDocument] of Object.entries(documents)) {
  const type = typeOf(plan, name)
  if (!type) throw new Error(`the catalogue has no ${name} any more`)
  describeMergeLaws(`the catalogue's ${name}`, joinedParts(type.merge), arbitraryDocument)
}
