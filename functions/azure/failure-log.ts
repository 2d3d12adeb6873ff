/** Hook: an invocation that fails is logged in one line, like the failure of a single record, and fails. */
import { app } from '@azure/functions'
import { logFailure } from '../common/log.ts'

export function logFailures(site: string): void {
  app.hook.postInvocation(({ error, invocationContext }) => {
    if (error) logFailure({ site, function: invocationContext.functionName, error })
  })
}
