/** How the AWS clients reach what the environment names: an account, or a server in its place. */
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { Environment } from '../../../tools/local/replaced-endpoints.ts'

/** Settings for any AWS client. Without a key in the environment the SDK looks for a profile itself. */
export function awsSettings(environment: Environment, endpointVariable: string) {
  const endpoint = environment[endpointVariable] || environment.AWS_ENDPOINT_URL
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = environment
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION
  return {
    ...(region ? { region } : {}),
    ...(endpoint ? { endpoint } : {}),
    ...(accessKeyId && secretAccessKey
      ? {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
          },
        }
      : {}),
    // Streams of an account answer five reads a second.
    maxAttempts: 10,
    // Kinesis speaks HTTP/2 by default, which no emulator does.
    requestHandler: new NodeHttpHandler(),
  }
}
