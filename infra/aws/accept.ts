/** A finding of a rule that does not fit here, with the reason why, for whoever reviews the stack. */
import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

export function accept(at: IConstruct, id: string, reason: string): void {
  Validations.of(at).acknowledge({ id, reason })
}

/** Of a stream under the site's data key, where the rule wants the key that AWS makes. */
export function acceptOwnKey(stream: IConstruct): void {
  accept(
    stream,
    'AwsSolutions-KDS3',
    'The rule is about cost: one key of ours for everything costs 1 USD a month, and its use can be seen and ended.',
  )
}
