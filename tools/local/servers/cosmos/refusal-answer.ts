import type { Answer } from './http-exchange.ts'
import type { Refusal } from './refusal.ts'

/** How a refusal goes over the wire. */
export function refusalAnswer({ status, reason, message, substatus }: Refusal): Answer {
  return {
    status,
    headers: substatus === undefined ? {} : { 'x-ms-substatus': String(substatus) },
    body: { code: reason, message },
  }
}
