/**
 * For tests with local clouds: a developer's shell may name servers of its own, which the sites would take for theirs,
 * and write into.
 */
import { endpointVariables } from '../../tools/local/replaced-endpoints.ts'

export function clearEndpoints(): void {
  for (const variable of Object.values(endpointVariables).flat()) delete process.env[variable]
}
