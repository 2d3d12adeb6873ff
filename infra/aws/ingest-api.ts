/**
 * The one thing that is public: `POST .../ingest`, a REST API in front of ingest, with a firewall and a limit on requests.
 *
 * A REST API, because only that one takes a WAF directly and TLS 1.3 alone on its own address. An HTTP API is cheaper
 * (1 USD a million requests, not 3.50), but its firewall would be CloudFront in us-east-1, which anybody goes round who
 * knows the API's own address; a request carries up to 100 changes, so the difference is small.
 *
 * The gateway authorizes nobody: what it could check (a token, an IAM signature) says nothing about the body. Ingest
 * itself verifies that a known peer signed exactly this request for exactly this site, before it touches any store.
 */
import { RemovalPolicy } from 'aws-cdk-lib'
import {
  AccessLogFormat,
  CfnRestApi,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { requestsPerSecond } from '../ingest-limit.ts'
import { accept } from './accept.ts'
import { createFirewall } from './firewall.ts'
import { logRetention } from './retention.ts'

/** Requests at one moment. */
const burstLimit = 500

const stageName = 'tributary'
const path = 'ingest'

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html */
const tls13Only = { securityPolicy: 'SecurityPolicy_TLS13_1_3_2025_09', endpointAccessMode: 'STRICT' }

export interface IngestApi {
  readonly url: string
  /** Dimensions of its metrics. */
  readonly metrics: { readonly ApiName: string; readonly Stage: string }
}

export function createIngestApi(scope: Construct, ingest: IFunction, dataKey: IKey): IngestApi {
  const createLog = (id: string, logGroupName: string) =>
    new LogGroup(scope, id, {
      logGroupName,
      retention: logRetention,
      encryptionKey: dataKey,
      removalPolicy: RemovalPolicy.DESTROY,
    })
  const log = createLog('IngestApiLog', '/aws/apigateway/tributary-ingest')
  const api = new RestApi(scope, 'IngestApi', {
    restApiName: 'tributary-ingest',
    description: 'Takes the changes of other sites',
    endpointTypes: [EndpointType.REGIONAL],
    // The body is compressed: it must arrive as it was sent.
    binaryMediaTypes: ['*/*'],
    // One for each account and region: it is what lets API Gateway write logs at all.
    cloudWatchRole: true,
    cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
    deployOptions: {
      stageName,
      throttlingRateLimit: requestsPerSecond,
      throttlingBurstLimit: burstLimit,
      accessLogDestination: new LogGroupLogDestination(log),
      accessLogFormat: AccessLogFormat.jsonWithStandardFields({
        caller: false,
        httpMethod: true,
        ip: true,
        protocol: true,
        requestTime: true,
        resourcePath: true,
        responseLength: true,
        status: true,
        user: false,
      }),
      loggingLevel: MethodLoggingLevel.ERROR,
      metricsEnabled: true,
    },
  })
  const resource = api.node.defaultChild
  if (resource instanceof CfnRestApi) Object.assign(resource, tls13Only)
  // API Gateway writes its errors to a log of this name, which it would make by itself: without an end and a key of ours.
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
  const errors = createLog('IngestApiErrors', `API-Gateway-Execution-Logs_${api.restApiId}/${stageName}`)
  api.deploymentStage.node.addDependency(errors)
  const method = api.root.addResource(path).addMethod('POST', new LambdaIntegration(ingest, { allowTestInvoke: false }))
  createFirewall(scope, api.deploymentStage)
  const why = 'Every request carries a token by which the function verifies the sender, this site and the exact body.'
  accept(method, 'AwsSolutions-APIG4', `${why} What a gateway can check says nothing about the body.`)
  accept(method, 'AwsSolutions-COG4', `${why} Callers are functions of other clouds, not users of a user pool.`)
  accept(
    api,
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    'API Gateway requires this very policy of the one role by which it writes the logs of an account and region.',
  )
  accept(api, 'AwsSolutions-APIG2', 'The body is compressed: a model could not read it. Ingest validates every change.')
  return { url: api.urlForPath(`/${path}`), metrics: { ApiName: 'tributary-ingest', Stage: stageName } }
}
