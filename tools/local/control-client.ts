/** Asks the host process of a local site. */
import { type ControlRequest, secretHeader } from './control-protocol.ts'

/** The host process answered with an error, or not at all. */
export class ControlFailed extends Error {
  constructor(site: string, reason: string) {
    super(`${site}: ${reason}`)
    this.name = 'ControlFailed'
  }
}

export interface ControlAddress {
  readonly site: string
  readonly url: string
  readonly secret: string
}

export async function askSite({ site, url, secret }: ControlAddress, request: ControlRequest): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [secretHeader]: secret },
      body: JSON.stringify(request),
    })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw new ControlFailed(site, `its host process does not answer (${cause}); see its log, or run local down and up`)
  }
  const text = await response.text()
  if (!response.ok) throw new ControlFailed(site, text)
  return text === '' ? undefined : JSON.parse(text)
}
