/** An AWS site: credentials as the AWS CLI finds them, or the profile that the variable `aws_profile` names. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { createDynamoDb, createKinesis, createSqs } from '../../functions/aws/clients.ts'
import { deadLettersName } from '../../shared/declare/resource-names.ts'
import { createDynamoDbWriter } from '../load/dynamodb-writer.ts'
import { awsStores } from '../stores/aws-stores.ts'
import { type OpenSite, type OpenSiteOptions, SiteNotOpened } from './open-site.ts'
import { told } from './told.ts'

/** SQS asks all its servers then. */
const waitS = 1

export async function openAwsSite({ plan, site, variables, environment }: OpenSiteOptions): Promise<OpenSite> {
  const { region } = site
  const place = { region, ...(variables.aws_profile !== undefined && { profile: variables.aws_profile }) }
  const [dynamoDb, kinesis, sqs] = [createDynamoDb(place), createKinesis(place), createSqs(place)]
  const close = async () => {
    for (const client of [dynamoDb, kinesis, sqs]) client.destroy()
  }
  try {
    const deadLettersUrl = await urlOf(sqs, site.id, region)
    return {
      stores: awsStores({ plan, site: site.id, dynamoDb, kinesis, sqs, deadLettersUrl, waitS }),
      openWriter: type => createDynamoDbWriter(new DynamoDBClient(place), type),
      clock: environment.AWS_ENDPOINT_URL_DYNAMODB ?? `https://dynamodb.${region}.amazonaws.com`,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function urlOf(sqs: SQSClient, site: string, region: string): Promise<string> {
  const asked = await told(() => sqs.send(new GetQueueUrlCommand({ QueueName: deadLettersName })))
  const url = asked.is === 'there' ? asked.value.QueueUrl : undefined
  if (url !== undefined) return url
  const why = asked.is === 'unknown' ? asked.reason : 'there is none'
  throw new SiteNotOpened(
    site,
    `its queue ${deadLettersName} was not found in ${region}: ${why}. Is the site deployed, and are these credentials of its account? (AWS_PROFILE, or --var aws_profile=NAME)`,
  )
}
