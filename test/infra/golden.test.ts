/**
 * One small declaration, whole: the plan in words, and every site's template, in files that can be read and compared
 * (golden/). And what a changed tier, key or residency changes of them, line by line. A difference that is meant is taken
 * with `npx vitest run --project infra test/infra/golden.test.ts -u`, and reviewed like any other change.
 *
 * Left out: what follows from the functions' code (the hashes of packages), and where CDK was when it made a resource.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSiteFolders } from '../../infra/terraform/site-folders.ts'
import { type Declaration, defineSync, fields } from '../../shared/declare/index.ts'
import { type SyncPlan, siteOf } from '../../shared/declare/sync-plan.ts'
import { functionNames } from '../../tools/build/bundle-functions.ts'
import { changeWords, siteWords } from '../../tools/cli/plan-words.ts'
import { synthesise } from './synthesise.ts'
import { readSite } from './terraform.ts'

const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const
const folder = mkdtempSync(join(tmpdir(), 'tributary-golden-'))
const bundles = join(folder, 'bundles')

// What is in them makes no difference to a template.
beforeAll(() => {
  for (const cloud of ['aws', 'gcp', 'azure']) {
    for (const name of functionNames) {
      mkdirSync(join(bundles, cloud, name), { recursive: true })
      writeFileSync(join(bundles, cloud, name, 'index.cjs'), '')
    }
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type DeclaredType = Declaration['data'][string]

function declare(carts: Partial<DeclaredType> = {}): SyncPlan {
  return defineSync({
    sites: {
      [aws]: { cloud: 'aws', region: 'us-east-1' },
      [gcp]: { cloud: 'gcp', region: 'us-central1' },
      [azure]: { cloud: 'azure', region: 'eastus' },
    },
    data: { carts: { key: ['owner'], merge: fields(), ...carts } },
  })
}

/** The templates of a plan's sites, as values. */
async function templatesOf(plan: SyncPlan): Promise<Readonly<Record<string, unknown>>> {
  const out = mkdtempSync(join(folder, 'out-'))
  const terraform = await writeSiteFolders({ plan, sites: [siteOf(plan, gcp), siteOf(plan, azure)], bundles, out })
  const cloudFormation = synthesise(plan, join(bundles, 'aws'), mkdtempSync(join(folder, 'cdk.out-')))
  return {
    [aws]: withoutCode(cloudFormation(aws)),
    [gcp]: readSite(terraform.get(gcp) ?? ''),
    [azure]: readSite(terraform.get(azure) ?? ''),
  }
}

function withoutCode(template: unknown): unknown {
  return JSON.parse(
    JSON.stringify(template, (name, value) => (/^(S3Key|S3Bucket|Metadata)$/.test(name) ? undefined : value)),
  )
}

const golden = (name: string) => join(import.meta.dirname, 'golden', `${name}.txt`)

it('the plan of a small declaration, in words', async () => {
  const words = siteWords(declare()).map(({ site, lines }) => [site, ...lines.map(line => `  ${line}`)].join('\n'))
  await expect(`${words.join('\n\n')}\n`).toMatchFileSnapshot(golden('plan'))
})

it('the templates of a small declaration', async () => {
  for (const [site, template] of Object.entries(await templatesOf(declare()))) {
    await expect(`${JSON.stringify(template, null, 1)}\n`).toMatchFileSnapshot(golden(site))
  }
})

/** `- path = value` and `+ path = value`, for each site; what is whole in one of two templates only is one line. */
function differenceOf(before: unknown, after: unknown): readonly string[] {
  const [old, present] = [resourceNames(before), resourceNames(after)]
  const gone = old.filter(name => !present.includes(name))
  const added = present.filter(name => !old.includes(name))
  const isOfWhole = (line: string) => [...gone, ...added].some(name => line.startsWith(`${name}.`))
  const missing = (from: unknown, to: unknown) => {
    const others = Map.groupBy(linesOf(to), line => line)
    return linesOf(from).filter(line => !isOfWhole(line) && others.get(line)?.pop() === undefined)
  }
  return [
    ...gone.map(name => `- ${name}`),
    ...added.map(name => `+ ${name}`),
    ...missing(before, after).map(line => `- ${line}`),
    ...missing(after, before).map(line => `+ ${line}`),
  ]
}

/** `path = value`. What is in a list is told apart by what it is and not by its place: one more statement is one more line. */
function linesOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap(item =>
      Array.isArray(item) ? linesOf(item, `${path}[]`) : [`${path}[] = ${JSON.stringify(item)}`],
    )
  }
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  if (entries.length === 0) return [`${path} = ${JSON.stringify(value)}`]
  return entries.flatMap(([name, inner]) => linesOf(inner, path === '' ? name : `${path}.${name}`))
}

/** `Resources.<id>` of CloudFormation, `resource.<type>.<name>` of Terraform. */
function resourceNames(template: unknown): readonly string[] {
  const { Resources = {}, resource = {} } = Object(template)
  return [
    ...Object.keys(Resources).map(id => `Resources.${id}`),
    ...Object.entries(resource).flatMap(([type, byName]) =>
      Object.keys(Object(byName)).map(name => `resource.${type}.${name}`),
    ),
  ]
}

describe('what changes with', () => {
  it.each<readonly [string, Partial<DeclaredType>]>([
    ['tier', { tier: 1 }],
    ['key', { key: ['shop', 'owner'] }],
    ['residency', { sites: [aws, gcp] }],
  ])('another %s', async (name, changed) => {
    const [before, after] = [declare(), declare(changed)]
    const [old, present] = [await templatesOf(before), await templatesOf(after)]
    const text = [
      ['plan', ...changeWords(before, after).map(line => `  ${line.replace(/\w{16}/, '<hash>')}`)],
      ...[aws, gcp, azure].map(site => [site, ...differenceOf(old[site], present[site]).map(line => `  ${line}`)]),
    ]
    await expect(`${text.map(lines => lines.join('\n')).join('\n\n')}\n`).toMatchFileSnapshot(golden(`another-${name}`))
  })
})
