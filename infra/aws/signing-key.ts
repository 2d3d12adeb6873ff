/**
 * The site's private signing key, and how it gets to the functions that sign.
 *
 * It is a secret that the deployer makes beforehand (`tributary/<site>/signing-key`: a P-256 JWK as text). The
 * template only refers to it; CloudFormation fetches it while deploying, so that it stands in no template, no
 * parameter and no log. The reference names one version: a new key takes effect when the parameter does, at every
 * function at once, and never by chance with some later update.
 *
 * The price is that the key then lies in the functions' configuration. That is encrypted under a KMS key of its own,
 * so that who may merely look at functions (`ReadOnlyAccess`) does not see it. The alternative, asking Secrets
 * Manager at every cold start, costs each of them a call and the functions an adapter, and the key would still lie
 * in their memory. Only a key that never leaves KMS is better.
 */
import { CfnParameter, RemovalPolicy, SecretValue } from 'aws-cdk-lib'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'

/** For TRIBUTARY_SIGNING_KEY: a reference that CloudFormation resolves. */
export function createSigningKeyReference(scope: Construct, site: string): string {
  const version = new CfnParameter(scope, 'SigningKeyVersion', {
    type: 'String',
    description: `VersionId of the secret tributary/${site}/signing-key`,
    allowedPattern: '^[A-Za-z0-9-]{32,64}$',
  })
  // Under its plain name: operators type it.
  version.overrideLogicalId('SigningKeyVersion')
  const key = SecretValue.secretsManager(`tributary/${site}/signing-key`, { versionId: version.valueAsString })
  // Into an environment: see above.
  return key.unsafeUnwrap()
}

/** Encrypts the environments that hold the signing key, and nothing else: it may go with them. */
export function createEnvironmentKey(scope: Construct): Key {
  return new Key(scope, 'EnvironmentKey', {
    description: 'Tributary: environment of the functions that hold the signing key',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
  })
}
