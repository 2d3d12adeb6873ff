/**
 * Blob, queue and table storage: the official Azurite, in memory, on free ports of 127.0.0.1.
 *
 * It runs in a worker thread of this process, not in a process of its own: it cannot outlive us however we die, it
 * needs no signal to stop, and it takes about 100 MB instead of 135. Its own command line is started, unchanged.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { compileCache } from '../../cache-folder.ts'

export interface Azurite {
  /** For `@azure/storage-*` and for the app settings of functions. */
  readonly connectionString: string
  /** Addresses of the development account: `http://127.0.0.1:<port>/devstoreaccount1`. */
  readonly endpoints: { readonly blob: string; readonly queue: string; readonly table: string }
  stop(): Promise<void>
}

export interface AzuriteOptions {
  readonly onLog: (line: string) => void
  /** Keep the data in this folder. Without it everything is in memory and no file is written. */
  readonly directory?: string
}

/** The account and key that every Azurite has, published at learn.microsoft.com/azure/storage/common/storage-use-azurite. */
const developmentAccount = 'devstoreaccount1'
const developmentKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** `--skipApiVersionCheck` because current clients ask for API versions that Azurite does not know yet. */
const commonArguments = ['--loose', '--skipApiVersionCheck', '--disableTelemetry', '--silent']

/** How long a closing Azurite with a folder may take. */
const closeMsMax = 3_000

/** Starts the three services. Rejects if Azurite ends before all of them listen. */
export async function startAzurite({ onLog, directory }: AzuriteOptions): Promise<Azurite> {
  const services = ['blob', 'queue', 'table']
  const worker = new Worker(new URL('./azurite-thread.ts', import.meta.url), {
    name: 'azurite',
    argv: [
      ...services.flatMap(service => [`--${service}Host`, '127.0.0.1', `--${service}Port`, '0']),
      ...(directory ? ['--location', directory] : ['--inMemoryPersistence']),
      ...commonArguments,
    ],
    env: compileCache,
    stdout: true,
    stderr: true,
  })
  const [blob, queue, table] = await listeningAddresses(worker, onLog)
  const endpoints = {
    blob: `${blob}/${developmentAccount}`,
    queue: `${queue}/${developmentAccount}`,
    table: `${table}/${developmentAccount}`,
  }
  return {
    endpoints,
    connectionString: [
      'DefaultEndpointsProtocol=http',
      `AccountName=${developmentAccount}`,
      `AccountKey=${developmentKey}`,
      `BlobEndpoint=${endpoints.blob}`,
      `QueueEndpoint=${endpoints.queue}`,
      `TableEndpoint=${endpoints.table}`,
    ].join(';'),
    stop: async () => {
      if (directory) await saved(worker)
      await worker.terminate()
    },
  }
}

/** Azurite writes to its folder every few seconds and when it closes, which open connections can delay. */
async function saved(worker: Worker): Promise<void> {
  const exit = once(worker, 'exit')
  worker.postMessage('close')
  await Promise.race([exit, sleep(closeMsMax, undefined, { ref: false })])
}

/** Azurite chooses the ports and prints them, blob first, then queue, then table. */
function listeningAddresses(worker: Worker, onLog: (line: string) => void): Promise<[string, string, string]> {
  return new Promise((resolve, reject) => {
    const found: string[] = []
    createInterface({ input: worker.stdout }).on('line', line => {
      onLog(line)
      const address = /successfully listening at (http:\/\/\S+)/.exec(line)?.[1]
      if (address) found.push(address)
      const [blob, queue, table] = found
      if (blob && queue && table) resolve([blob, queue, table])
    })
    createInterface({ input: worker.stderr }).on('line', onLog)
    worker.on('error', error => {
      onLog(`azurite crashed: ${String(error)}`)
      reject(error)
    })
    worker.on('exit', code => reject(new Error(`azurite ended with code ${code} before it listened`)))
  })
}
