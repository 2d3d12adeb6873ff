/**
 * What deploys: a folder for each function beside the site's template, with the bundle as it was built and what the
 * cloud's runtime wants beside it. Terraform zips the folder (function-archive.ts).
 */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type FunctionName, functionNames } from '../../tools/build/bundle-functions.ts'

export interface FunctionFolders {
  /** Folder of the cloud's bundles: `<function>/index.cjs`. */
  readonly bundles: string
  /** The site's folder. */
  readonly out: string
  /** Further files of a function, by their names. */
  readonly beside: (name: FunctionName) => Readonly<Record<string, object>>
}

export async function writeFunctionFolders({ bundles, out, beside }: FunctionFolders): Promise<void> {
  // What is no longer made would deploy with the rest.
  await rm(join(out, 'functions'), { recursive: true, force: true })
  for (const name of functionNames) {
    const folder = join(out, 'functions', name)
    await mkdir(folder, { recursive: true })
    await copyFile(join(bundles, name, 'index.cjs'), join(folder, 'index.cjs'))
    for (const [file, content] of Object.entries(beside(name))) {
      await writeFile(join(folder, file), `${JSON.stringify(content, null, 2)}\n`)
    }
  }
}
