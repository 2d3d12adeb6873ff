/** How large a request between sites may be. Kept in one place so that sender and receiver agree. */
import { batchBytesMax } from '../replicate/batches.ts'

/** As sent. */
export const requestBytesMax = 1_000_000

/** After decompression: a small body that grows beyond this is a bomb. */
export const expandedBytesMax = 8_000_000

/** How long a token is good for. */
export const tokenLifetimeS = 60

/** How long a root key's certificate for a session key is good for. */
export const certificateLifetimeS = 3600

/** How long a token is taken beyond its expiry, for clocks that differ. */
export const clockToleranceS = 10

/**
 * A sender whose clock is ahead by no more is heard all the same: its changes are turned away one by one, and that is told
 * (see ingest.ts). A token that is refused would look like a wrong key.
 */
export const clockAheadMaxS = 3600

if (batchBytesMax >= expandedBytesMax) throw new Error('a batch must fit into a request')
