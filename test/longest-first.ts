/**
 * Begins each project with its files that take longest, so that none of them is the last one with a core to itself.
 * Vitest goes by the size of files until it has durations of an earlier run, which a fresh clone has not.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const longest = [
  'clouds/default-clouds.test.ts',
  'clouds/audit.test.ts',
  'clouds/cli.test.ts',
  'clouds/table-clouds.test.ts',
  'clouds/decided-clouds.test.ts',
  'unit/simulation.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex(name => moduleId.endsWith(`/${name}`))
      return at < 0 ? longest.length : at
    }
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder
    return sorted.toSorted((a, b) => group(a) - group(b) || rank(a) - rank(b))
  }
}
