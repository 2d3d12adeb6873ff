/** `at` of a data type, as it is written: which settings there are, one by one. */
import * as z from 'zod'
import { auditStoreName, controlStoreName, cosmosLeasesName, cosmosSyncMark, syncStoreName } from './resource-names.ts'

const own: readonly string[] = [syncStoreName, auditStoreName, controlStoreName, cosmosLeasesName]

function storeName(pattern: RegExp, error: string) {
  return z
    .string()
    .regex(pattern, { error })
    .refine(name => !own.some(taken => name === taken || name.startsWith(`${taken}/`)), {
      error: 'another name: Tributary keeps its own records there',
    })
}

const template = z.string({ error: "text with key fields in braces, such as 'CUSTOMER#{customer_id}'" })

/** A property or attribute that holds a key's text. */
const property = z.string().min(1, { error: 'a name that is not empty' })

export const declaredPlacement = z.strictObject({
  aws: z
    .strictObject({
      table: storeName(/^[\w.-]{3,255}$/, 'a table name: 3 to 255 letters, digits, _, . and -').exactOptional(),
      existing: z.boolean().exactOptional(),
      feed: z.enum(['stream', 'kinesis']).exactOptional(),
      key: z
        .record(property, template, { error: 'an object of key attributes: { pk: template, sk: template }' })
        .refine(key => Object.keys(key).length > 0, { error: 'at least a partition key' })
        .exactOptional(),
      keyAttributes: z.boolean().exactOptional(),
    })
    .exactOptional(),
  gcp: z
    .strictObject({
      collection: storeName(/./s, 'the path of a collection').exactOptional(),
      id: template.exactOptional(),
    })
    .exactOptional(),
  azure: z
    .strictObject({
      database: z.string().min(1, { error: 'the name of a database' }).exactOptional(),
      container: storeName(
        /^[^/\\?#]{1,255}$/,
        'a container name: up to 255 characters, none of / \\ ? #',
      ).exactOptional(),
      existing: z.boolean().exactOptional(),
      partitionKey: z
        .union(
          [
            property,
            z.record(property, template).refine(key => Object.keys(key).length === 1, { error: 'one property' }),
          ],
          { error: 'a key field, or one property with its text: { pk: template }' },
        )
        .exactOptional(),
      id: template
        .refine(text => !text.startsWith(cosmosSyncMark), {
          error: `not ${cosmosSyncMark}..., which names sync records`,
        })
        .exactOptional(),
    })
    .exactOptional(),
})
