/**
 * What would a function's bundle be without us? The same classes of the cloud's SDK, bundled in the same way, and nothing
 * else.
 *
 * Which classes these are is not written down but found: the function is bundled with the SDK left outside, and what the
 * result still imports from it is what the function needs. (esbuild keeps an import of which it dropped every use, so
 * names are counted only where they stand outside the import.)
 */
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import type { Cloud, SyncPlan } from '../../shared/declare/sync-plan.ts'
import { buildOptionsOf, type FunctionName, projectRoot } from '../../tools/build/bundle-functions.ts'

/** The SDK and the cloud's own framework. What else we chose (middy, zod, jose, ...) is ours. */
const sdks: Readonly<Record<Cloud, readonly string[]>> = {
  aws: ['@aws-sdk/*', '@smithy/*'],
  gcp: ['@google-cloud/*'],
  azure: ['@azure/*'],
}

export interface BareBundle {
  readonly cloud: Cloud
  readonly name: FunctionName
  readonly plan: SyncPlan
  /** Path of the bundle to write. */
  readonly outfile: string
}

export async function buildBareBundle({ cloud, name, plan, outfile }: BareBundle): Promise<void> {
  const { outExtension: _, ...options } = buildOptionsOf(cloud, plan)
  const contents = await sdkImportsOf(join(projectRoot, 'functions', cloud, `${name}.ts`), cloud, options)
  await build({ ...options, stdin: { contents, resolveDir: projectRoot, sourcefile: `bare-${name}.js` }, outfile })
}

/** A module that exports what the function at `entry` uses of its SDK. */
async function sdkImportsOf(entry: string, cloud: Cloud, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    entryPoints: [entry],
    outdir: projectRoot,
    write: false,
    format: 'esm',
    minify: false,
    external: [...sdks[cloud], ...(options.external ?? [])],
  })
  const text = outputFiles?.[0]?.text ?? ''
  const imports = [...text.matchAll(/^import \{([^}]*)\} from "([^"]+)";$/gm)]
  const code = text.replaceAll(/^import [^;]*;$/gm, '')
  const used = Map.groupBy(
    imports.flatMap(([, names = '', from = '']) =>
      from.startsWith('node:') ? [] : namesIn(names).map(name => ({ from, ...name })),
    ),
    ({ from }) => from,
  )
  return [...used]
    .map(([from, names]) => {
      const needed = new Set(names.filter(({ local }) => isUsed(local, code)).map(({ imported }) => imported))
      return needed.size === 0 ? '' : `export { ${[...needed].join(', ')} } from '${from}'\n`
    })
    .join('')
}

/** `a, b as c` */
function namesIn(list: string): readonly { readonly imported: string; readonly local: string }[] {
  return list.split(',').flatMap(item => {
    const [imported, local = imported] = item.trim().split(/\s+as\s+/)
    return imported && local ? [{ imported, local }] : []
  })
}

function isUsed(name: string, code: string): boolean {
  return new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(code)
}
