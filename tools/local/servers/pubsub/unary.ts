/** A plain function as the handler of a unary call: what it throws becomes the call's status. */
import { type handleUnaryCall, status } from '@grpc/grpc-js'
import type { OpenCalls } from './open-calls.ts'
import { RpcError } from './rpc-error.ts'

export function unary<Request, Response>(
  calls: OpenCalls,
  answer: (request: Request) => Response,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    try {
      calls.enter()
      callback(null, answer(call.request))
    } catch (thrown) {
      callback(toRpcError(thrown))
    }
  }
}

export function toRpcError(thrown: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown
  return new RpcError(status.INTERNAL, thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))
}
