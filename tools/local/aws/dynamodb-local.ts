/**
 * DynamoDB and DynamoDB Streams on this machine: the official DynamoDB Local, in memory, as a process of its own.
 *
 * **It listens on every interface.** The jar has no option for the address (it binds 0.0.0.0 whatever is asked), so
 * this is the one server of the local clouds that other machines of the network can reach. It holds test data only
 * and any credentials open it.
 *
 * It must not outlive us. `stop()` ends it by its own process id; and when this process dies without a chance to do
 * that (SIGKILL, a crash), a guard does: a shell of a few hundred kB that waits on a pipe from us and kills the
 * server when the pipe closes, which the kernel does for every death. Windows has no such shell: there a hard death
 * leaves the server behind.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

export { ensureDynamoDbLocal } from './fetch-dynamodb-local.ts'
export { JavaMissing, requireJava } from './require-java.ts'

const START_ATTEMPTS_MAX = 3
const START_TIMEOUT_MS = 60_000
const START_POLL_MS = 25
/** What the server writes when its port was taken meanwhile. It then stays alive without listening. */
const BIND_FAILURE = 'Failed to bind'

export interface StartDynamoDbLocalOptions {
  /** From `ensureDynamoDbLocal`. */
  readonly directory: string
  /** Every line that the server writes. */
  readonly onLog: (line: string) => void
}

export interface DynamoDbLocal {
  /** `http://127.0.0.1:<port>`: for DynamoDB and for DynamoDB Streams. Any region, any credentials. */
  readonly endpoint: string
  readonly pid: number
  stop(): Promise<void>
}

/** Starts the server on a free port and resolves when it answers (1 to 4 s). Call `requireJava` first. */
export async function startDynamoDbLocal(options: StartDynamoDbLocalOptions): Promise<DynamoDbLocal> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const server = new ServerProcess(options, port)
    try {
      await server.answers()
      return server
    } catch (error) {
      await server.stop()
      if (attempt === START_ATTEMPTS_MAX || !server.portTaken) throw error
    }
  }
}

class ServerProcess implements DynamoDbLocal {
  readonly endpoint: string
  readonly pid: number
  readonly #java: ChildProcess
  readonly #exited: Promise<void>
  readonly #onLog: (line: string) => void
  #lastLine = ''
  portTaken = false

  constructor({ directory, onLog }: StartDynamoDbLocalOptions, port: number) {
    this.endpoint = `http://127.0.0.1:${port}`
    this.#onLog = onLog
    this.#java = spawn('java', javaArguments(port), {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C in a terminal goes to a whole process group: apart from it, the server lives until stop() has its turn.
      detached: process.platform !== 'win32',
    })
    this.pid = this.#java.pid ?? -1
    this.#exited = ended(this.#java)
    this.#readLines()
    if (process.platform !== 'win32' && this.pid > 0) guard(this.pid, this.#exited)
  }

  async answers(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS
    while (!(await isDynamoDb(this.endpoint))) {
      if (this.portTaken) throw new Error(`DynamoDB Local found ${this.endpoint} taken`)
      if (this.#java.exitCode !== null || this.pid === -1) throw new Error(`DynamoDB Local ended: ${this.#lastLine}`)
      if (Date.now() > deadline) throw new Error(`DynamoDB Local did not answer within ${START_TIMEOUT_MS} ms`)
      await sleep(START_POLL_MS)
    }
  }

  async stop(): Promise<void> {
    // All in memory, nothing to write out: no reason to ask politely and wait.
    this.#java.kill('SIGKILL')
    await this.#exited
  }

  #readLines(): void {
    for (const stream of [this.#java.stdout, this.#java.stderr]) {
      if (!stream) continue
      createInterface(stream).on('line', line => {
        if (line.trim() === '') return
        this.#lastLine = line
        this.portTaken ||= line.includes(BIND_FAILURE)
        this.#onLog(line)
      })
    }
  }
}

function javaArguments(port: number): string[] {
  return [
    '-Xmx512m',
    // One compiler and one collector for a small server: starts a little sooner (1.2 s, not 1.4), polls for a third of the CPU.
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-Djava.library.path=./DynamoDBLocal_lib',
    '-jar',
    'DynamoDBLocal.jar',
    '-inMemory',
    '-sharedDb',
    '-disableTelemetry',
    '-port',
    String(port),
  ]
}

/** Kills `pid` when this process is gone: `read` returns at the end of a pipe of which we hold the only other end. */
function guard(pid: number, exited: Promise<void>): void {
  const shell = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  shell.unref()
  // Before the pipe closes, so that it never kills a stranger who got the same id.
  void exited.then(() => shell.kill('SIGKILL'))
}

async function ended(child: ChildProcess): Promise<void> {
  await once(child, 'exit').catch(() => undefined)
}

/** Without a signature DynamoDB refuses a request, but with an id of its own in the answer. */
async function isDynamoDb(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(endpoint)
    await response.arrayBuffer()
    return response.headers.has('x-amzn-requestid')
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
