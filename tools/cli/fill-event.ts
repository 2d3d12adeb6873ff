/**
 * Recorded events cannot hold everything: a token lives for a minute, a plan's hash changes with the declaration.
 * `{{plan}}` and `{{token:SITE}}` stand for them in the files and are filled in when an event is used.
 */
import { z } from 'zod'
import { CommandFailed } from './clouds.ts'
import type { RunningClouds } from './running-clouds.ts'

const httpEvent = z.looseObject({ body: z.string() })
const tokenAnswer = z.object({ token: z.string() })

export async function fillEvent(text: string, clouds: RunningClouds, site: string): Promise<unknown> {
  const planned = text.replaceAll('{{plan}}', clouds.plan.hash)
  const event = parse(planned)
  const signer = /\{\{token:([a-z0-9-]+)\}\}/.exec(planned)?.[1]
  if (signer === undefined) return event
  const { body } = httpEvent.parse(event)
  const as = Buffer.from(body).toString('base64')
  const { token } = tokenAnswer.parse(await clouds.ask(site, { ask: 'token', as: signer, body: as }))
  return parse(planned.replaceAll(`{{token:${signer}}}`, token))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CommandFailed(`the event is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
