/** The report as Markdown: a summary first, then every row of every service. */
import type { ConformanceReport, Outcome, RowResult, SuiteResult } from './report.ts'

const outcomes: readonly Outcome[] = ['passed', 'failed', 'differs', 'not asked']

export function reportText(report: ConformanceReport): string {
  const { startedAt, seconds, target, node, interrupted, suites } = report
  const left = suites.flatMap(suite => suite.left)
  return [
    `# Conformance, target ${target}, ${startedAt.slice(0, 10)}`,
    '',
    `Started ${startedAt}, ${seconds} s, Node ${node}${interrupted ? '; **interrupted**' : ''}.`,
    '',
    ...table(
      ['service', 'how it ran', 'server', 'client', ...outcomes],
      suites.map(suite => [
        suite.service,
        suite.server?.kind ?? `not run: ${suite.notRun}`,
        serverText(suite),
        suite.clients.join(', '),
        ...outcomes.map(outcome => String(suite.rows.filter(row => row.outcome === outcome).length)),
      ]),
    ),
    ...(left.length === 0 ? [] : ['', '**Not removed, remove it by hand:**', ...left.map(what => `- ${what}`)]),
    ...suites.filter(({ rows }) => rows.length > 0).flatMap(suiteText),
  ].join('\n')
}

function suiteText(suite: SuiteResult): readonly string[] {
  return [
    '',
    `## ${suite.service}: ${serverText(suite)}, ${suite.server?.kind ?? 'not run'}`,
    '',
    ...table(
      ['asked', 'expected', 'what rests on it', 'result'],
      suite.rows.map(row => [row.name, row.expected, row.why, resultText(row)]),
    ),
  ]
}

function resultText({ outcome, cause }: RowResult): string {
  const named = outcome === 'failed' ? 'FAILED' : outcome
  return cause === undefined ? named : `${named}: ${cause}`
}

function serverText({ server }: SuiteResult): string {
  return server ? `${server.name} ${server.version}`.trim() : ''
}

/** Names of rows hold characters that Markdown would take for its own. */
function plain(text: string): string {
  return text.replaceAll(/[\\|*_`<]/g, character => `\\${character}`)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)]
}
