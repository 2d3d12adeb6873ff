/**
 * What the deployment of a Google Cloud or Azure site is told beside the declaration: Terraform's variables. Commands read
 * them where Terraform does, in `terraform.tfvars` beside the template, and take others with `--var name=value`.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type DeploymentVariables = Readonly<Record<string, string>>

/** `folder`: `infra.out/<site>`. What is given counts before what is read. */
export async function deploymentVariables(folder: string, given: DeploymentVariables): Promise<DeploymentVariables> {
  try {
    return { ...assignmentsIn(await readFile(join(folder, 'terraform.tfvars'), 'utf8')), ...given }
  } catch (error) {
    if (Object(error).code === 'ENOENT') return given
    throw error
  }
}

/** Of texts, numbers and booleans: a site has no other variables. */
function assignmentsIn(text: string): DeploymentVariables {
  const lines = text.matchAll(/^\s*(\w+)\s*=\s*(?:"([^"]*)"|([\w.-]+))\s*(?:(?:#|\/\/).*)?$/gm)
  return Object.fromEntries([...lines].map(([, name = '', quoted, bare = '']) => [name, quoted ?? bare]))
}
