import { fields, register } from '../../shared/declare/index.ts'
import { names, objectOf, values } from './documents.ts'
import { describeMergeLaws } from './merge-laws.ts'

describeMergeLaws('a register', register(), objectOf(names, values))

describeMergeLaws('fields that no declaration names', fields(), objectOf(names, values))
