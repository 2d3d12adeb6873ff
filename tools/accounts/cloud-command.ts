/**
 * What only a cloud's management plane knows, asked with the cloud's own command line, which deploying needs anyway:
 * `aws`, `gcloud`, `az`. Their clients for Node would be ten more packages for a few questions that are asked once. It
 * runs as whoever calls, with the credentials that the command line has, and every command that is given to it only reads.
 */
import { execFile } from 'node:child_process'
import type { z } from 'zod'
import { firstLine, mayNotBeAsked, shaped, type Told, there, unknown } from './told.ts'

export type CommandName = 'aws' | 'gcloud' | 'az'

/** `args` without the format. The answer is the JSON that the command prints, of the shape that is asked for. */
export type CloudCommand = <Value>(args: readonly string[], shape: z.ZodType<Value>) => Promise<Told<Value>>

/** One that runs nothing but `ask`. */
export function commandThat(ask: (args: readonly string[]) => Promise<Told<unknown>>): CloudCommand {
  return async (args, shape) => shaped(await ask(args), shape)
}

const formats: Readonly<Record<CommandName, string>> = {
  aws: '--output=json',
  gcloud: '--format=json',
  az: '--output=json',
}

/** A list of a large account takes a while; what asks for a password waits forever. */
const timeoutMs = 60_000
const outputBytesMax = 64 * 2 ** 20

const missing =
  /NotFound|NoSuchEntity|NonExistent|does not exist|could not be found|was not found|not found: 404|NOT_FOUND|QueueDoesNotExist/
/** A subscription or a project that is not found is one that the caller may not see: nothing is known of what is in it. */
const forbidden =
  /AccessDenied|not authorized|AuthorizationFailed|PERMISSION_DENIED|does not have permission|SubscriptionNotFound|Project '[^']*' not found/i

export function cloudCommand(name: CommandName, extra: readonly string[] = []): CloudCommand {
  return commandThat(
    args =>
      new Promise(resolve => {
        const options = { timeout: timeoutMs, maxBuffer: outputBytesMax }
        // Without a terminal to ask on: what needs an answer fails.
        const child = execFile(name, [...args, ...extra, formats[name]], options, (error, stdout, stderr) => {
          if (!error) return resolve(parsed(name, args, stdout))
          if (error.code === 'ENOENT') return resolve(unknown(`the command line '${name}' is not installed here`))
          if (error.killed) return resolve(unknown(`${name} ${args.slice(0, 2).join(' ')} did not answer in time`))
          if (forbidden.test(stderr)) return resolve(mayNotBeAsked(firstLine(stderr)))
          if (missing.test(stderr)) return resolve({ is: 'missing' })
          resolve(unknown(firstLine(stderr) || `${name} ended with ${error.code}`))
        })
        child.stdin?.end()
      }),
  )
}

function parsed(name: CommandName, args: readonly string[], stdout: string): Told<unknown> {
  try {
    return there(stdout.trim() === '' ? undefined : JSON.parse(stdout))
  } catch {
    return unknown(`${name} ${args.slice(0, 2).join(' ')} printed no JSON`)
  }
}

/** Of the local clouds: there is no management plane. */
export const noCloudCommand: CloudCommand = async () => unknown('the local clouds have no management plane')
