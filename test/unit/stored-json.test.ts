/** A letter that cannot be read is listed and handed back like every other: it must not hide them. */
import { expect, it } from 'vitest'
import { refusedDocument } from '../../shared/replicate/dead-letter.ts'
import { readDeadLetter } from '../../tools/stores/stored-json.ts'

it('says what it is, or that it could not be read', () => {
  const letter = refusedDocument({ site: 'a', ref: { type: 't', key: ['k'] }, field: 'f', reason: 'r', atMs: 1 })
  expect(readDeadLetter(JSON.stringify(letter), 'a')).toEqual(letter)
  for (const text of ['', '{"kind":"docu', '[]', '7']) {
    expect(readDeadLetter(text, 'a')).toMatchObject({
      kind: 'message',
      site: 'a',
      text,
      reason: expect.stringContaining('could not be read'),
    })
  }
})
