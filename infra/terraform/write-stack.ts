/**
 * A stack as one file of Terraform JSON. Only what the providers read is written: no backend, as where a state lies is
 * the deployer's to say, and nothing of cdktn's own metadata, which would make noise in every diff.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TerraformStack } from 'cdktn'

export async function writeStack(stack: TerraformStack, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const text = JSON.stringify(stack.toTerraform(), (key, value) => (key === '//' ? undefined : value), 2)
  await writeFile(join(folder, 'main.tf.json'), `${text}\n`)
}
