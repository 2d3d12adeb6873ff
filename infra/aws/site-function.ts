/** A function from its bundle: the file that the local clouds run, unchanged. With a role and a log of its own. */
import { join } from 'node:path'
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { FunctionName } from '../../tools/build/bundle-functions.ts'
import { logRetention } from './retention.ts'

export interface SiteFunctionOptions {
  /** As it is called in the account. */
  readonly name: string
  readonly bundle: FunctionName
  /** Folder of the AWS bundles: `<function>/index.cjs`. */
  readonly bundles: string
  readonly description: string
  readonly environment: Readonly<Record<string, string>>
  /** Of its log and its environment. */
  readonly dataKey: IKey
}

export interface SiteFunction {
  readonly bundle: FunctionName
  readonly fn: LambdaFunction
  readonly log: LogGroup
}

/**
 * CPU comes with memory: 512 MB are a third of a core, and a batch is mostly waiting. A batch may take seconds where
 * a store throttles or a peer is silent (5 s for each request to it), and what is cut off is done again in halves.
 * Of ingest the sender expects an answer within 5 s; the rest is for what is under way then.
 */
const memorySize = 512
const timeout: Readonly<Record<FunctionName, Duration>> = {
  capture: Duration.seconds(60),
  publish: Duration.seconds(60),
  forward: Duration.seconds(60),
  ingest: Duration.seconds(10),
  prune: Duration.minutes(5),
}

export function createSiteFunction(scope: Construct, options: SiteFunctionOptions): SiteFunction {
  const { name, bundle, bundles, description, environment, dataKey } = options
  const home = new Construct(scope, name)
  const logGroup = new LogGroup(home, 'Log', {
    logGroupName: `/aws/lambda/${name}`,
    retention: logRetention,
    encryptionKey: dataKey,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  // The role that CDK would make has a managed policy that may write every log of the account.
  const role = new Role(home, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  logGroup.grantWrite(role)
  const fn = new LambdaFunction(home, 'Function', {
    functionName: name,
    description,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    code: Code.fromAsset(join(bundles, bundle)),
    memorySize,
    timeout: timeout[bundle],
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    environment: { ...environment },
    environmentEncryption: dataKey,
  })
  return { bundle, fn, log: logGroup }
}
