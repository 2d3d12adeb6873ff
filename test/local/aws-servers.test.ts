import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { CreateStreamCommand, DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis'
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ensureDynamoDbLocal, requireJava, startDynamoDbLocal } from '../../tools/local/aws/dynamodb-local.ts'
import { createKinesisClient, startKinesisLocal } from '../../tools/local/aws/kinesis-local.ts'
import { startSqsLocal } from '../../tools/local/aws/sqs-s3-local.ts'
import { until } from './aws-harness.ts'

const region = 'us-east-1'
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('DynamoDB Local', () => {
  it('answers the official client, and is gone after stop()', async () => {
    const { directory } = await ensureDynamoDbLocal()
    const server = await startDynamoDbLocal({ directory, onLog: () => undefined })
    const client = new DynamoDBClient({ endpoint: server.endpoint, region, credentials })
    expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([])
    client.destroy()
    expect(isRunning(server.pid)).toBe(true)
    await server.stop()
    expect(isRunning(server.pid)).toBe(false)
  })

  it.skipIf(process.platform === 'win32')('does not outlive a process that dies hard', async () => {
    const { directory } = await ensureDynamoDbLocal()
    const module = new URL('../../tools/local/aws/dynamodb-local.ts', import.meta.url)
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { startDynamoDbLocal } from ${JSON.stringify(module.href)}
         const { pid } = await startDynamoDbLocal({ directory: ${JSON.stringify(directory)}, onLog() {} })
         console.log(pid)`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [line] = await once(createInterface(parent.stdout), 'line')
    const pid = Number(line)
    expect(isRunning(pid)).toBe(true)
    parent.kill('SIGKILL')
    await until(() => !isRunning(pid))
  })

  it('tries other ports when its own was taken meanwhile, which leaves a server that does not listen', async () => {
    // For the last argument, the port, as the jar does: it says so and stays.
    await withJavaScript(`for port; do :; done; echo "$$ $port Failed to bind"; exec sleep 60`)
    const lines: string[] = []
    const starting = startDynamoDbLocal({ directory: tmpdir(), onLog: line => lines.push(line) })
    await expect(starting).rejects.toThrow('taken')
    const [pids, ports] = [0, 1].map(column => lines.map(line => Number(line.split(' ')[column])))
    expect(new Set(ports).size).toBe(3)
    expect(pids?.filter(isRunning)).toEqual([])
  })

  it('says why the server ended before it answered', async () => {
    await withJavaScript(`echo 'Could not reserve enough space' >&2; exit 1`)
    await expect(startDynamoDbLocal({ directory: tmpdir(), onLog: () => undefined })).rejects.toThrow('enough space')
  })

  it.each([
    ['there is none', undefined, 'no Java'],
    ['it is too old', 'openjdk version "11.0.20" 2023-07-18', 'Java 11.0.20'],
    ['it is very old', 'java version "1.8.0_392"', 'Java 1.8.0_392'],
  ])('asks for Java 17 when %s', async (_, version, found) => {
    await withJava(version)
    await expect(requireJava()).rejects.toMatchObject({ name: 'JavaMissing' })
    await expect(requireJava()).rejects.toThrow(`found: ${found}`)
    await expect(requireJava()).rejects.toThrow('apt-get install openjdk-17')
  })

  it.each(['openjdk version "17.0.15" 2025-04-15', 'openjdk version "21" 2023-09-19'])('takes %s', async version => {
    await withJava(version)
    await expect(requireJava()).resolves.toBeUndefined()
  })
})

/** Until the end of the test the only `java` on the PATH says this of itself. */
async function withJava(version: string | undefined): Promise<void> {
  await withJavaScript(version === undefined ? undefined : `echo '${version}' >&2`)
}

async function withJavaScript(script: string | undefined): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-test-'))
  vi.stubEnv('PATH', script === undefined ? directory : [directory, '/bin', '/usr/bin'].join(delimiter))
  onTestFinished(async () => {
    vi.unstubAllEnvs()
    await rm(directory, { recursive: true })
  })
  if (script === undefined) return
  await writeFile(join(directory, 'java'), `#!/bin/sh\n${script}\n`)
  await chmod(join(directory, 'java'), 0o755)
}

describe('local Kinesis', () => {
  it('listens on loopback only and has a stream at once', async () => {
    const kinesis = await startKinesisLocal()
    const client = createKinesisClient(kinesis.endpoint, region)
    await client.send(new CreateStreamCommand({ StreamName: 'changes', ShardCount: 20 }))
    const startedAt = Date.now()
    let status: string | undefined
    while (status !== 'ACTIVE' && Date.now() - startedAt < 2_000) {
      const summary = await client.send(new DescribeStreamSummaryCommand({ StreamName: 'changes' }))
      status = summary.StreamDescriptionSummary?.StreamStatus
    }
    expect(status).toBe('ACTIVE')
    expect(Date.now() - startedAt).toBeLessThan(400)
    await expectOnlyLoopback(kinesis.endpoint)
    client.destroy()
    await kinesis.stop()
    await expect(fetch(kinesis.endpoint)).rejects.toThrow()
  })
})

describe('local SQS', () => {
  it('listens on loopback only and passes messages on to who knows its endpoint from the environment', async () => {
    const sqs = await startSqsLocal()
    vi.stubEnv('AWS_ENDPOINT_URL_SQS', sqs.endpoint)
    onTestFinished(() => void vi.unstubAllEnvs())
    const client = new SQSClient({ region, credentials })
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'dead-letters' }))
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a change' }))
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl }))
    expect(Messages?.map(message => message.Body)).toEqual(['a change'])
    await expectOnlyLoopback(sqs.endpoint)
    client.destroy()
    await sqs.stop()
    await expect(fetch(sqs.endpoint)).rejects.toThrow()
  })
})

/** The port is free on another loopback address, so the server is bound to 127.0.0.1 and not to all. */
async function expectOnlyLoopback(endpoint: string): Promise<void> {
  const other = createServer().listen(Number(new URL(endpoint).port), '127.0.0.2')
  await once(other, 'listening')
  other.close()
}
