/** The commands of `npx tributary`. */
import { Command } from 'commander'
import { addAdoptCommand } from './commands/adopt.ts'
import { addAuditCommand } from './commands/audit.ts'
import { addCheckWritesCommand } from './commands/check-writes.ts'
import { addConflictsCommand } from './commands/conflicts.ts'
import { addCostCommand } from './commands/cost.ts'
import { addDeadLettersCommand } from './commands/dead-letters.ts'
import { addDrainCommand } from './commands/drain.ts'
import { addFlowCommands } from './commands/flow.ts'
import { addGetCommand } from './commands/get.ts'
import { addHomeCommand } from './commands/home.ts'
import { addInvokeCommand } from './commands/invoke.ts'
import { addLoadCommand } from './commands/load.ts'
import { addLocalCommands } from './commands/local.ts'
import { addPlanCommand } from './commands/plan.ts'
import { addPreflightCommand } from './commands/preflight.ts'
import { addPruneCommand } from './commands/prune.ts'
import { addRepairCommand } from './commands/repair.ts'
import { addReplayCommand } from './commands/replay.ts'
import { addStatusCommand } from './commands/status.ts'
import { addTourCommand } from './commands/tour.ts'
import { addUninstallCommand } from './commands/uninstall.ts'
import { addWriteOffCommand } from './commands/write-off.ts'

export function createProgram(): Command {
  const program = new Command('tributary')
    .description('The same data in AWS, Google Cloud and Azure, written anywhere.')
    .showHelpAfterError()

  addLocalCommands(program)
  addTourCommand(program)
  addGetCommand(program)
  addHomeCommand(program)
  addWriteOffCommand(program)
  addLoadCommand(program)
  addAdoptCommand(program)
  addStatusCommand(program)
  addAuditCommand(program)
  addConflictsCommand(program)
  addReplayCommand(program)
  addRepairCommand(program)
  addCheckWritesCommand(program)
  addCostCommand(program)
  addDeadLettersCommand(program)
  addPlanCommand(program)
  addPreflightCommand(program)
  addPruneCommand(program)
  addFlowCommands(program)
  addDrainCommand(program)
  addInvokeCommand(program)
  addUninstallCommand(program)
  return program
}
