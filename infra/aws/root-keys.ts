/**
 * The site's root keys in KMS: ECC_NIST_P256, made there and never seen outside. They certify the session keys of the
 * functions, about one call an hour and instance (shared/wire/certificate.ts).
 *
 * A key like these does not rotate by itself: a new one is declared beside it, told to the peers, and then signs.
 */
import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam'
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import { rootKeyNames, signingKeyName } from '../root-keys.ts'

/** The one that signs. */
export function createRootKeys(scope: Construct, site: SitePlan): Key {
  const keys = new Map(rootKeyNames(site).map(name => [name, createRootKey(scope, site, name)]))
  const signing = keys.get(signingKeyName(site))
  if (!signing) throw new Error(`${site.id} signs with a root key that it does not declare`)
  return signing
}

function createRootKey(scope: Construct, site: SitePlan, name: string): Key {
  const id = `RootKey${name[0]?.toUpperCase()}${name.slice(1)}`
  const key = new Key(scope, id, {
    alias: `alias/tributary-root-${name}`,
    description: `Tributary: certifies the sessions of ${site.id}`,
    keySpec: KeySpec.ECC_NIST_P256,
    keyUsage: KeyUsage.SIGN_VERIFY,
    // Time to notice that a key is missed: until then its deletion can be taken back.
    pendingWindow: Duration.days(30),
    removalPolicy: RemovalPolicy.DESTROY,
  })
  const output = new CfnOutput(scope, `${id}Id`, {
    description: `Its public half goes into the declaration: aws kms get-public-key --key-id ${`alias/tributary-root-${name}`}`,
    value: key.keyId,
  })
  output.overrideLogicalId(`${id}Id`)
  return key
}

export function grantSign(key: Key, grantee: IGrantable): void {
  Grant.addToPrincipal({
    grantee,
    actions: ['kms:Sign'],
    resourceArns: [key.keyArn],
    conditions: { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' } },
  })
}
