import { counter, fields } from '../../shared/declare/index.ts'
import { amounts, optional } from './documents.ts'
import { describeMergeLaws } from './merge-laws.ts'

describeMergeLaws(
  'counters',
  fields({ stock: counter(), sold: counter() }),
  optional({ stock: amounts, sold: amounts }),
)
