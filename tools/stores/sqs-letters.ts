/** The SQS queue of dead letters. A letter larger than a message is in several, in the order of `part`. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { type TakeLetters, type TakenLetter, takingMsMax } from './dead-letter-queue.ts'
import { readDeadLetter } from './stored-json.ts'

/** How long a message is ours; far longer than a replay takes. */
const heldS = 60

interface Piece {
  readonly body: string
  readonly part: number
  readonly receipt: string
}

export interface SqsQueue {
  readonly client: SQSClient
  readonly url: string
  /** A queue of the cloud that is asked without waiting may say that it is empty when it is not. */
  readonly waitS: number
}

export function takeSqsLetters(site: string, { client, url: QueueUrl, waitS: WaitTimeSeconds }: SqsQueue): TakeLetters {
  async function receiveAll(): Promise<ReadonlyMap<string, readonly Piece[]>> {
    const pieces = new Map<string, Piece[]>()
    const untilMs = Date.now() + takingMsMax
    while (Date.now() < untilMs) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: heldS,
          WaitTimeSeconds,
          MessageAttributeNames: ['All'],
        }),
      )
      if (Messages.length === 0) break
      for (const { Body = '', MessageAttributes, MessageId = '', ReceiptHandle = '' } of Messages) {
        const id = MessageAttributes?.id?.StringValue ?? MessageId
        const part = Number(MessageAttributes?.part?.StringValue?.split('/')[0] ?? 1)
        pieces.set(id, [...(pieces.get(id) ?? []), { body: Body, part, receipt: ReceiptHandle }])
      }
    }
    return pieces
  }

  return async () =>
    [...(await receiveAll()).values()].map((pieces): TakenLetter => {
      const byPart = new Map(pieces.map(({ part, body }) => [part, body]))
      const text = [...byPart].sort(([a], [b]) => a - b).map(([, body]) => body)
      const each = async (act: (receipt: string) => Promise<unknown>) => {
        for (const { receipt } of pieces) await act(receipt)
      }
      return {
        letter: readDeadLetter(text.join(''), site),
        remove: () => each(ReceiptHandle => client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))),
        release: () =>
          each(ReceiptHandle =>
            client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })),
          ),
      }
    })
}
