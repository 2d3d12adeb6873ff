/**
 * The one thing that is public: `POST /ingest`, an HTTP API in front of ingest, with a limit on requests.
 *
 * The gateway authorizes nobody: what it could check (a token, an IAM signature) says nothing about the body. Ingest
 * itself verifies that a known peer signed exactly this request for exactly this site, before it touches any store.
 * A function URL would do without the gateway, but has no limit on requests.
 */
import { RemovalPolicy } from 'aws-cdk-lib'
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { logRetention } from './retention.ts'

/** Requests a second, and how many at one moment. A request carries up to 100 KB of changes. */
const rateLimit = 1000
const burstLimit = 500

const path = '/ingest'

export function createIngestApi(scope: Construct, ingest: IFunction): { readonly url: string } {
  const httpApi = new HttpApi(scope, 'IngestApi', {
    apiName: 'tributary-ingest',
    description: 'Takes the changes of other sites',
    createDefaultStage: false,
  })
  httpApi.addRoutes({
    path,
    methods: [HttpMethod.POST],
    integration: new HttpLambdaIntegration('Ingest', ingest),
  })
  // A name under which API Gateway may write without a new entry in the account's resource policy each time.
  const log = new LogGroup(scope, 'IngestApiLog', {
    logGroupName: '/aws/vendedlogs/apis/tributary-ingest',
    retention: logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  new HttpStage(httpApi, 'Stage', {
    httpApi,
    autoDeploy: true,
    throttle: { rateLimit, burstLimit },
    accessLogSettings: { destination: new LogGroupLogDestination(log) },
  })
  return { url: `${httpApi.apiEndpoint}${path}` }
}
