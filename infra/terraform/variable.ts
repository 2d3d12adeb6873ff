/** What only a site's deployment knows. */
import { TerraformVariable } from 'cdktn'
import type { Construct } from 'constructs'

export interface VariableProps {
  readonly description: string
  /** What a text has to match as a whole. */
  readonly pattern?: string
  readonly type?: 'string' | 'number' | 'bool'
  readonly default?: string | number | boolean
}

/** Returns the reference: `${var.project}`. */
export function createVariable(scope: Construct, name: string, props: VariableProps): string {
  const { description, pattern, type = 'string', default: value } = props
  const condition = `\${can(regex(${JSON.stringify(pattern)}, var.${name}))}`
  const validation = [{ condition, errorMessage: `${name} must match ${pattern}.` }]
  const variable = new TerraformVariable(scope, `var.${name}`, {
    type,
    description,
    ...(value === undefined ? {} : { default: value }),
    ...(pattern === undefined ? {} : { validation }),
  })
  variable.overrideLogicalId(name)
  return `\${var.${name}}`
}

/** `aws-us-east-1` as `aws_us_east_1`: what Terraform calls things. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[^a-z0-9]+/gi, '_').toLowerCase()
}
