/** What ends up in a function's bundle: an instance loads all of it before its first event. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import plan from '#plan'
import { bundleFunctions, type FunctionName, projectRoot } from '../../tools/build/bundle-functions.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-bundles-'))
  await bundleFunctions({ config: join(projectRoot, 'sync.config.ts'), out: folder, clouds: ['aws', 'gcp', 'azure'] })
}, 60_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

const bundle = (cloud: string, name: FunctionName) => readFile(join(folder, cloud, name, 'index.cjs'), 'utf8')

describe('a bundle', () => {
  it.each([
    ['gcp', 'google.pubsub.v1.Publisher'],
    ['azure', 'QueueServiceClient'],
    ['aws', 'QueueDoesNotExist'],
  ])('on %s has the client of messages where it sends some, and not in ingest', async (cloud, mark) => {
    const [capture, ingest] = [await bundle(cloud, 'capture'), await bundle(cloud, 'ingest')]
    // Of the whole text a failure would print a megabyte.
    expect({ capture: capture.includes(mark), ingest: ingest.includes(mark) }).toEqual({ capture: true, ingest: false })
  })

  it.each(['aws', 'gcp', 'azure'])('on %s holds the compiled plan, not what checks a declaration', async cloud => {
    const text = await bundle(cloud, 'capture')
    const holds = { plan: text.includes(plan.hash), check: text.includes('the declaration is not valid') }
    expect(holds).toEqual({ plan: true, check: false })
  })
})

it('holds the plan as it is, whatever its texts are', async () => {
  const config = join(folder, 'quotes.config.ts')
  const declare = join(projectRoot, 'shared/declare/index.ts')
  const [mark, out] = [`it's "so" \\ \u2028#`, join(folder, 'quotes')]
  await writeFile(
    config,
    `import { defineSync, register } from '${declare}'
     const sites = { here: { cloud: 'aws', region: 'us-east-1' }, there: { cloud: 'aws', region: 'us-west-2' } }
     const at = { aws: { key: { pk: ${JSON.stringify(`${mark}{id}`)} } } }
     export default defineSync({ sites, data: { notes: { key: ['id'], merge: register(), at } } })\n`,
  )
  await bundleFunctions({ config, out, clouds: ['aws'] })
  const text = await readFile(join(out, 'aws', 'ingest', 'index.cjs'), 'utf8')
  const [literal = ''] = /'\{"hash":(?:[^'\\]|\\.)*'/.exec(text) ?? []
  const { default: declared } = await import(pathToFileURL(config).href)
  expect(JSON.stringify(declared)).toContain(JSON.stringify(mark).slice(1, -1))
  expect(new Script(literal).runInThisContext()).toBe(JSON.stringify(declared))
})

it('is not made of a declaration that is not valid', async () => {
  const config = join(folder, 'wrong.config.ts')
  const declare = join(projectRoot, 'shared/declare/index.ts')
  await writeFile(
    config,
    `import { defineSync } from '${declare}'\nexport default defineSync({ sites: {}, data: {} })\n`,
  )
  await expect(bundleFunctions({ config, out: folder, clouds: ['aws'] })).rejects.toThrow(
    'the declaration is not valid',
  )
})
