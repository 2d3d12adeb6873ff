/** Lambda's limit for the event and for the result of a synchronous invocation, in bytes of JSON. */
export const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
