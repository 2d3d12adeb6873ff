/**
 * Where do other people's emulators differ from their service? Known, and not ours to mend: such a row says "differs" with
 * this cause, and a run does not fail for it. A row of a server of ours has no place here: it is mended instead.
 */
const differences: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  kinesalite: {
    'batches of more than a shard takes in a second': 'kinesalite throttles nothing',
  },
  fauxqs: {
    'text with an emoji (beyond U+FFFF)': 'fauxqs refuses characters that SQS takes',
    'a batch of deletes with one receipt that does not exist': 'fauxqs reports success for any receipt',
  },
}

/** By the server's name and the name of the row. */
export function differenceOf(server: string, row: string): string | undefined {
  return differences[server]?.[row]
}
