/** A parameter of a site's stack: what only its deployment knows. */
import { CfnParameter } from 'aws-cdk-lib'
import type { Construct } from 'constructs'

export interface ParameterProps {
  readonly description: string
  readonly allowedPattern: string
  readonly default?: string
}

/** Under its plain name: operators type it. */
export function createParameter(scope: Construct, name: string, props: ParameterProps): string {
  const parameter = new CfnParameter(scope, name, { type: 'String', ...props })
  parameter.overrideLogicalId(name)
  return parameter.valueAsString
}

/** `aws-us-east-1` as `AwsUsEast1`: letters and digits, as CloudFormation wants a parameter's name. */
export function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|[^a-zA-Z0-9]+)([a-zA-Z0-9])?/g, (_, letter = '') => String(letter).toUpperCase())
}
