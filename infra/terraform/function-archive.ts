/**
 * A function's deployment package: the folder that synthesis has filled (function-folder.ts), zipped by Terraform, so
 * that a changed bundle is a changed plan.
 */
import type { Construct } from 'constructs'
import { dataOf, type TypedData } from './typed-resource.ts'

interface ArchiveTypes {
  archive_file: {
    readonly type: 'zip'
    readonly source_dir: string
    readonly output_path: string
    /** Not the mode that a file happens to have on somebody's machine. */
    readonly output_file_mode: string
  }
}

const archive = dataOf<ArchiveTypes>()

export const archiveProvider = { name: 'archive', version: '~> 2.7', settings: {} } as const

/** Its attributes: `output_path`, `output_sha256`. `folder`: below `functions/` of the site's folder. */
export function createFunctionArchive(scope: Construct, name: string, folder: string): TypedData {
  return archive(scope, name, 'archive_file', {
    type: 'zip',
    source_dir: `\${path.module}/functions/${folder}`,
    output_path: `\${path.module}/.terraform/tributary-${folder}.zip`,
    output_file_mode: '0644',
  })
}
