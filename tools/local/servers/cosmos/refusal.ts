/** A request that the server answers with an HTTP status of 400 or more; the client throws an error with `code` = `status`. */
export class Refusal extends Error {
  readonly status: number
  /** The service's own word for the status: `Conflict`, `PreconditionFailed`, ... */
  readonly reason: string
  /** Tells cases of one status apart (header `x-ms-substatus`). Absent where the service sends 0. */
  readonly substatus: number | undefined

  constructor(status: number, reason: string, message: string, substatus?: number) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.reason = reason
    this.substatus = substatus
  }
}

/** The request can never succeed, whatever is stored. */
export function badRequest(message: string, substatus?: number): Refusal {
  return new Refusal(400, 'BadRequest', message, substatus)
}

export function notFound(what: string): Refusal {
  return new Refusal(404, 'NotFound', `Entity with the specified id does not exist in the system: ${what}`)
}

export function conflict(message: string): Refusal {
  return new Refusal(409, 'Conflict', message)
}

export function preconditionFailed(): Refusal {
  return new Refusal(
    412,
    'PreconditionFailed',
    'Operation cannot be performed because one of the specified precondition is not met',
  )
}

export function tooLarge(message: string): Refusal {
  return new Refusal(413, 'RequestEntityTooLarge', message)
}
