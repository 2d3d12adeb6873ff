/**
 * `npm start`: the clouds come up, and a tour shows what happens as it happens, with official clients only.
 */
import type { Command } from 'commander'
import { localFolder } from '../../local/local-folder.ts'
import { openClients } from '../../local/official-clients/open-clients.ts'
import { startLocalClouds, stopLocalClouds } from '../../local/start-local-clouds.ts'
import type { Timing } from '../../local/timing.ts'
import { listenForInterruption } from '../interruption.ts'
import { connectClouds } from '../running-clouds.ts'
import { timingOption } from '../timing-option.ts'
import { runTour } from '../tour/run-tour.ts'

interface TourOptions {
  readonly config: string
  readonly timing: Timing
  readonly once: boolean
  readonly tour: boolean
}

export function addTourCommand(program: Command): void {
  program
    .command('tour', { hidden: true })
    .description('bring the clouds up in the foreground and show what they do (npm start)')
    .option('--config <file>', 'the declaration', 'sync.config.ts')
    .addOption(timingOption())
    .option('--once', 'end after the tour: code 0, or 1 if anything differed', false)
    .option('--no-tour', 'only bring the clouds up')
    .addHelpText(
      'after',
      '\nExamples:\n  npm start\n  npm start -- --once\n  npm start -- --timing cloud\n  npm start -- --no-tour',
    )
    .action(async (options: TourOptions) => {
      process.exitCode = await tour(options)
    })
}

async function tour({ config, timing, once, tour: withTour }: TourOptions): Promise<number> {
  const folder = localFolder()
  const interruption = listenForInterruption()
  const { promise: signalled, resolve: signal } = Promise.withResolvers<'interrupted'>()
  interruption.signal.addEventListener('abort', () => signal('interrupted'))
  const say = (text: string) => console.log(text)
  const { plan, state } = await startLocalClouds({
    folder,
    config,
    detached: false,
    timing,
    onProgress: text => say(`  ${text}`),
    signal: interruption.signal,
  })
  try {
    say(`up: ${plan.sites.map(({ id }) => id).join(', ')}; timing: ${state.timing}`)
    const clients = await openClients(folder.endpointsFile)
    const running = withTour ? runTour({ clouds: connectClouds(plan, state), clients, say }) : Promise.resolve(true)
    const ended = await Promise.race([running, signalled])
    await Promise.all(clients.map(client => client.close()))
    if (ended === 'interrupted') return interruption.exitCode
    if (once) return ended ? 0 : 1
    say(
      `\nThe clouds stay up until Ctrl-C.\n  endpoints: ${folder.endpointsFile}\n  variables for official clients: ${folder.variablesFile}`,
    )
    say('  in another terminal: npx tributary status | get carts alice | audit')
    await signalled
    return 0
  } finally {
    await stopLocalClouds(folder)
    say('down')
  }
}
