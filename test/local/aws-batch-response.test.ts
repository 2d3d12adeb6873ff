import { describe, expect, it } from 'vitest'
import { readBatchResponse } from '../../tools/local/aws/batch-response.ts'

const BATCH = ['s1', 's2', 's3']
const DONE = { kind: 'done' }
const failedFrom = (index: number) => ({ kind: 'failed', index })
const failures = (...itemIdentifiers: unknown[]) => ({
  batchItemFailures: itemIdentifiers.map(itemIdentifier => ({ itemIdentifier })),
})

describe('the reply of a function that reports failures', () => {
  it.each([
    ['nothing', null, DONE],
    ['an empty object', {}, DONE],
    ['no failures', failures(), DONE],
    ['null failures', { batchItemFailures: null }, DONE],
    ['one failure', failures('s2'), failedFrom(1)],
    ['several failures, unordered', failures('s3', 's2'), failedFrom(1)],
    ['an empty identifier', failures('s3', ''), failedFrom(0)],
    ['a null identifier', failures(null), failedFrom(0)],
    ['another key', { batchItemFailures: [{ id: 's3' }] }, failedFrom(0)],
    ['an identifier of another batch', failures('s3', 's9'), failedFrom(0)],
    ['failures that are no list', { batchItemFailures: 's3' }, failedFrom(0)],
    ['text', 'ok', failedFrom(0)],
  ])('%s', (_, reply, outcome) => {
    expect(readBatchResponse(reply, BATCH)).toEqual(outcome)
  })
})
