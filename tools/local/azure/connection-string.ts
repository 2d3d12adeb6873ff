/**
 * The connection string behind a binding's `connection`, which names an app setting and is never the string itself.
 * Looked up as the host does: the setting, or the setting with the prefix `AzureWebJobs`.
 */
import type { Environment } from './function-metadata.ts'

/** @throws if the environment holds neither, with the name to set. */
export function connectionString(functionName: string, setting: string, environment: Environment): string {
  const value = environment[setting] ?? environment[`AzureWebJobs${setting}`]
  if (!value) throw new Error(`function ${functionName}: set ${setting} (a connection string) in its environment`)
  return value
}
