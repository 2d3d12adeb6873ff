/**
 * What the suites ask with `--target real`: the accounts that the standard variables give credentials for. A service
 * without them is not run, and the table says which variable is missing. Where a variable names an endpoint (an emulator,
 * say), that is asked, and the table does not call it a cloud.
 */
import { cosmosAccount, storageEndpoints } from '../../tools/local/azure/account-addresses.ts'
import type { Environment } from '../../tools/local/replaced-endpoints.ts'
import type { ServerDescription } from './report.ts'
import type { ServerUnderTest } from './run-suite.ts'

interface Account {
  readonly services: readonly string[]
  /** Alternatives: every variable of one of them must be set. */
  readonly variables: readonly (readonly string[])[]
  describe(environment: Environment): ServerDescription
}

const awsVariables = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE'].flatMap(credentials =>
  ['AWS_REGION', 'AWS_DEFAULT_REGION'].map(region =>
    credentials === 'AWS_ACCESS_KEY_ID' ? [credentials, 'AWS_SECRET_ACCESS_KEY', region] : [credentials, region],
  ),
)
const googleVariables = [['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CLOUD_PROJECT']]

const accounts: readonly Account[] = [
  awsService(['dynamodb', 'streams'], 'DynamoDB', 'AWS_ENDPOINT_URL_DYNAMODB'),
  awsService(['kinesis'], 'Kinesis', 'AWS_ENDPOINT_URL_KINESIS'),
  awsService(['sqs'], 'SQS', 'AWS_ENDPOINT_URL_SQS'),
  googleService('firestore', 'Firestore', 'FIRESTORE_EMULATOR_HOST'),
  googleService('pubsub', 'Pub/Sub', 'PUBSUB_EMULATOR_HOST'),
  {
    services: ['cosmos', 'cosmos-session'],
    variables: [['COSMOS_ENDPOINT', 'COSMOS_KEY'], ['COSMOS_CONNECTION_STRING']],
    describe: ({ COSMOS_CONNECTION_STRING: connection, COSMOS_ENDPOINT: endpoint = '' }) =>
      azureServer('Cosmos DB', connection ? cosmosAccount(connection).endpoint : endpoint),
  },
  {
    services: ['queues'],
    variables: [['AZURE_STORAGE_CONNECTION_STRING']],
    describe: ({ AZURE_STORAGE_CONNECTION_STRING: connection = '' }) =>
      azureServer('Storage queues', storageEndpoints(connection).queue),
  },
]

/** What can be asked, or why not: `AWS_REGION is not set`. */
export function realServer(service: string, environment: Environment): ServerUnderTest | string {
  const account = accounts.find(({ services }) => services.includes(service))
  if (!account) return 'not a service of a cloud'
  const missing = account.variables.map(names => names.filter(name => !environment[name]))
  if (missing.every(names => names.length > 0)) {
    // The one that is begun and nearest to being complete, else the first.
    const begun = missing.filter((names, index) => names.length < (account.variables[index]?.length ?? 0))
    const [fewest = missing[0] ?? []] = begun.toSorted((a, b) => a.length - b.length)
    return `${fewest.join(', ')} ${fewest.length === 1 ? 'is' : 'are'} not set`
  }
  return { description: account.describe(environment), environment }
}

function awsService(services: readonly string[], name: string, variable: string): Account {
  return {
    services,
    variables: awsVariables,
    describe(environment) {
      const named = [variable, 'AWS_ENDPOINT_URL'].find(candidate => environment[candidate])
      if (named) return namedServer(named)
      return { name, version: environment.AWS_REGION || environment.AWS_DEFAULT_REGION || '', kind: 'cloud' }
    },
  }
}

function googleService(service: string, name: string, variable: string): Account {
  return {
    services: [service],
    variables: [...googleVariables, [variable, 'GOOGLE_CLOUD_PROJECT']],
    describe(environment) {
      if (environment[variable]) return namedServer(variable)
      return { name, version: environment.GOOGLE_CLOUD_PROJECT ?? '', kind: 'cloud' }
    },
  }
}

/** Azure names an account by its address: one that is not Microsoft's is some other server. */
function azureServer(name: string, endpoint: string): ServerDescription {
  const { hostname } = new URL(endpoint)
  const isCloud = /\.(?:azure\.com|windows\.net|azure\.cn|chinacloudapi\.cn|usgovcloudapi\.net|azure\.us)$/.test(
    hostname,
  )
  return isCloud ? { name, version: hostname, kind: 'cloud' } : namedServer('its address')
}

function namedServer(variable: string): ServerDescription {
  return { name: `server named by ${variable}`, version: '', kind: 'named server' }
}
