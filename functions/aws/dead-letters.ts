/**
 * Dead letters: an SQS queue that keeps them until an operator receives them.
 *
 * A message holds 256 KB and a letter may hold more, for a change goes into it whole. A larger letter is cut into
 * several messages: their bodies, put together in the order of the attribute `part` (`1/3`), are the letter. A letter
 * that is put again comes again under the same `id`.
 */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { DeadLetters } from '../../shared/ports/index.ts'

/** Of a message with its attributes, which stay far below the difference to SQS's limit of 262,144. */
const bodyBytesMax = 256_000

/** At most three bytes a UTF-16 unit: a piece of so many never passes `bodyBytesMax`. */
const pieceUnits = Math.floor(bodyBytesMax / 3)

export function createSqsDeadLetters({
  client,
  queueUrl,
}: {
  readonly client: SQSClient
  readonly queueUrl: string
}): DeadLetters {
  return {
    async put(letter) {
      const pieces = piecesOf(acceptableText(JSON.stringify(letter)))
      for (const [index, MessageBody] of pieces.entries()) {
        const attributes = { kind: letter.kind, id: letter.id, part: `${index + 1}/${pieces.length}` }
        const MessageAttributes = Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
        )
        await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, MessageAttributes }))
      }
    },
  }
}

/**
 * The same JSON, escaped where SQS refuses a character as it is. Surrogates too: SQS takes pairs, fauxqs does not, and
 * a cut must not fall between the halves of one.
 */
function acceptableText(json: string): string {
  return json.replaceAll(/[\uD800-\uDFFF\uFFFE\uFFFF]/g, unit => `\\u${unit.charCodeAt(0).toString(16)}`)
}

function piecesOf(text: string): readonly string[] {
  if (Buffer.byteLength(text) <= bodyBytesMax) return [text]
  const count = Math.ceil(text.length / pieceUnits)
  return Array.from({ length: count }, (_, index) => text.slice(index * pieceUnits, (index + 1) * pieceUnits))
}
