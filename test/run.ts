/** `npm test` and `npm run test:long`: every test, one closing line that programs can read. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { compileCache } from '../tools/cache-folder.ts'

const long = process.argv.includes('--long')
const patterns = process.argv.slice(2).filter(argument => argument !== '--long')
const folder = mkdtempSync(join(tmpdir(), 'tributary-test-'))
const report = join(folder, 'report.json')

try {
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...patterns],
    { stdio: 'inherit', env: { ...process.env, ...compileCache, ...(long ? { TRIBUTARY_LONG: '1' } : {}) } },
  )
  const totals = z.object({ numPassedTests: z.number(), numFailedTests: z.number(), success: z.boolean() })
  const { numPassedTests, numFailedTests, success } = totals.parse(JSON.parse(readFileSync(report, 'utf8')))
  // A file that does not even load fails no test by count.
  const failed = numFailedTests === 0 && (!success || status !== 0) ? 1 : numFailedTests
  console.log(`tests: ${numPassedTests} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
