/** Middleware: an invocation that fails is logged in one line, like the failure of a single record, and fails. */
import type { MiddlewareObj } from '@middy/core'
import { logFailure } from '../common/log.ts'

export function failureLog(): MiddlewareObj {
  return {
    onError({ error, context }) {
      logFailure({ site: process.env.TRIBUTARY_SITE ?? '', function: context.functionName, error })
    },
  }
}
