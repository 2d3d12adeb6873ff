/** docs/limits.md says what the code keeps to: whoever plans by it must not meet another number. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { expressionOperatorsMax } from '../../functions/aws/expression.ts'
import { messageBytesMax } from '../../functions/azure/message-bytes.ts'
import { documentBytesMax, nestingMax } from '../../functions/gcp/document-limits.ts'
import { idBytesMax } from '../../shared/place/azure-place.ts'
import { batchBytesMax, batchChangesMax } from '../../shared/replicate/batches.ts'
import { deploymentMsMax } from '../../shared/replicate/declared-state.ts'
import { messageAgeMaxMs } from '../../shared/replicate/message-age.ts'
import { carriedBytesMax, carriedResolutionsMax } from '../../shared/replicate/resolution-retention.ts'
import { recordsAtOnce } from '../../shared/replicate/side-by-side.ts'
import { expandedBytesMax, requestBytesMax, tokenLifetimeS } from '../../shared/wire/limits.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/limits.md')
const queues = JSON.parse(read('functions/azure/host.json')).extensions.queues

test.each([
  ['document on Firestore', `${documentBytesMax / 2 ** 20} MiB, ${nestingMax} levels deep`],
  ['key', `${idBytesMax} on Cosmos (id)`],
  // Each compared field takes two operators.
  ['fields compared by one merge on DynamoDB', `${expressionOperatorsMax / 2}, or 4 KB of names`],
  ['resolutions in a sync record', `${carriedResolutionsMax}, or ${carriedBytesMax / 1000} KB together`],
  ['Storage queue', `64 KB in Base64: ${messageBytesMax / 1024} KB of text`],
  ['changes in a batch', `${batchChangesMax}`],
  ['batch, as JSON before compression', `${batchBytesMax / 1000} KB`],
  ['request as sent (brotli)', `${requestBytesMax / 1e6} MB`],
  ['request expanded', `${expandedBytesMax / 1e6} MB`],
  ['token', `${tokenLifetimeS} s`],
  ['Azure Functions', `\`batchSize\`, \`newBatchThreshold\` in host.json: together what an instance works on`],
])('of %s: %s', (what, limit) => {
  const row = page.split('\n').find(line => line.startsWith(`| ${what} |`))
  expect(row?.split(' | ')[1]).toContain(limit)
})

test('of what one instance works on, and of records side by side', () => {
  expect(page).toContain(`| ${queues.batchSize} + ${queues.newBatchThreshold} |`)
  expect(page).toContain(`work on ${recordsAtOnce} records of an event or request side by side`)
  expect(page).toContain(`| ${deploymentMsMax / 60_000} min from the record's commit`)
  expect(page).toContain(`the subscription's retention: ${messageAgeMaxMs / 86_400_000} days`)
})
