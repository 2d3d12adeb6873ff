/** `npm run build`: the bundles that deploy, in `.build/functions/<cloud>/<function>/index.cjs`, with their sizes. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleFunctions, functionNames, projectRoot } from './bundle-functions.ts'

const out = join(projectRoot, '.build', 'functions')
const clouds = ['aws', 'gcp', 'azure'] as const
await bundleFunctions({ config: join(projectRoot, 'sync.config.ts'), out, clouds })
for (const cloud of clouds) {
  for (const name of functionNames) {
    const { size } = await stat(join(out, cloud, name, 'index.cjs'))
    console.log(`${cloud.padEnd(6)} ${name.padEnd(8)} ${(size / 1000).toFixed(0).padStart(6)} KB`)
  }
}
