import { TerraformOutput } from 'cdktn'
import type { Construct } from 'constructs'

export function createOutput(scope: Construct, name: string, description: string, value: unknown): void {
  new TerraformOutput(scope, `output.${name}`, { description, value }).overrideLogicalId(name)
}
