/** One DynamoDB request's expressions: placeholders for every name and value, so that no name can be misread. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'

/** DynamoDB's limits of one expression. Comparisons, functions and each AND between them are operators. */
export const expressionBytesMax = 4096
export const expressionOperatorsMax = 300

export interface Expression {
  /** Placeholder of an attribute name; the same one for the same name. */
  name(attribute: string): string
  /** Placeholder of a value. */
  value(value: AttributeValue): string
  /** What the request has to carry along; DynamoDB refuses an empty one. */
  placeholders(): {
    readonly ExpressionAttributeNames?: Record<string, string>
    readonly ExpressionAttributeValues?: Record<string, AttributeValue>
  }
}

export function createExpression(): Expression {
  const names = new Map<string, string>()
  const values = new Map<string, AttributeValue>()
  return {
    name(attribute) {
      const known = names.get(attribute)
      if (known !== undefined) return known
      // Short, for they count against the length of the expression.
      const placeholder = `#${names.size.toString(36)}`
      names.set(attribute, placeholder)
      return placeholder
    },
    value(value) {
      const placeholder = `:${values.size.toString(36)}`
      values.set(placeholder, value)
      return placeholder
    },
    placeholders: () => ({
      ...(names.size > 0 && {
        ExpressionAttributeNames: Object.fromEntries([...names].map(([name, placeholder]) => [placeholder, name])),
      }),
      ...(values.size > 0 && { ExpressionAttributeValues: Object.fromEntries(values) }),
    }),
  }
}
