/** How large a request between sites may be. Kept in one place so that sender and receiver agree. */
import { batchBytesMax } from '../replicate/batches.ts'

/** As sent. */
export const requestBytesMax = 1_000_000

/** After decompression: a small body that grows beyond this is a bomb. */
export const expandedBytesMax = 8_000_000

/** How long a token is good for. */
export const tokenLifetimeS = 60

/** By how much the clocks of two sites may differ before a token is refused. */
export const clockToleranceS = 10

if (batchBytesMax >= expandedBytesMax) throw new Error('a batch must fit into a request')
