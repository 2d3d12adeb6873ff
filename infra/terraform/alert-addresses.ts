/** Who is told: an address for each destination of the alert table, which the deployment gives. */
import type { Construct } from 'constructs'
import { type Destination, destinations } from '../alerts.ts'
import { createVariable, snakeCase } from './variable.ts'

export function createAlertAddresses(scope: Construct): ReadonlyMap<Destination, string> {
  const names = Object.keys(destinations).filter(isDestination)
  return new Map(
    names.map(name => [
      name,
      createVariable(scope, `alert_${snakeCase(name)}`, {
        description: `E-mail address of ${destinations[name]}`,
        pattern: '^[^@\\s]+@[^@\\s]+$',
      }),
    ]),
  )
}

function isDestination(name: string): name is Destination {
  return name in destinations
}
