/**
 * In front of ingest: what is no request of a peer does not reach the function, and is not paid for. Bodies are not
 * inspected: they are compressed and signed, and rules for web forms would turn away an application's own data.
 */
import type { Stage } from 'aws-cdk-lib/aws-apigateway'
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2'
import type { Construct } from 'constructs'
import { requestsPerSecond } from '../ingest-limit.ts'

/** WAF counts over this window, in seconds: the shortest there is. */
const rateWindowS = 60

export function createFirewall(scope: Construct, stage: Stage): void {
  const acl = new CfnWebACL(scope, 'Firewall', {
    name: 'tributary-ingest',
    description: 'Only what looks like a request of a peer',
    scope: 'REGIONAL',
    defaultAction: { allow: {} },
    visibilityConfig: visibility('firewall'),
    rules: [
      {
        name: 'without-token',
        priority: 0,
        action: { block: {} },
        visibilityConfig: visibility('without-token'),
        statement: { notStatement: { statement: carriesBearer() } },
      },
      {
        name: 'one-address-too-often',
        priority: 1,
        action: { block: {} },
        visibilityConfig: visibility('one-address-too-often'),
        statement: {
          rateBasedStatement: {
            aggregateKeyType: 'IP',
            limit: requestsPerSecond * rateWindowS,
            evaluationWindowSec: rateWindowS,
          },
        },
      },
      {
        name: 'known-attackers',
        priority: 2,
        overrideAction: { none: {} },
        visibilityConfig: visibility('known-attackers'),
        statement: {
          managedRuleGroupStatement: { vendorName: 'AWS', name: 'AWSManagedRulesAmazonIpReputationList' },
        },
      },
    ],
  })
  new CfnWebACLAssociation(scope, 'FirewallAssociation', { resourceArn: stage.stageArn, webAclArn: acl.attrArn })
}

function carriesBearer() {
  return {
    byteMatchStatement: {
      fieldToMatch: { singleHeader: { Name: 'authorization' } },
      positionalConstraint: 'STARTS_WITH',
      searchString: 'Bearer ',
      textTransformations: [{ priority: 0, type: 'NONE' }],
    },
  }
}

function visibility(name: string) {
  return { metricName: `tributary-${name}`, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true }
}
