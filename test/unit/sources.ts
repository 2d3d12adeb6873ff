/** The project's own source files, and what each imports, for tests of how the project is built up. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string
  readonly text: string
  /** As written, types too. */
  readonly imports: readonly string[]
}

function sourcesIn(folder: string): readonly SourceFile[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries.flatMap(entry => {
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourcesIn(path)
    return /(?<!\.d)\.ts$/.test(entry.name) ? [sourceAt(path)] : []
  })
}

function sourceAt(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  const found = text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*'([^']+)'/g)
  return { path, text, imports: [...found].flatMap(([, name]) => name ?? []) }
}

/** Every source file below these folders, and these files. */
export function sources(...paths: readonly string[]): readonly SourceFile[] {
  return paths.flatMap(path => (path.endsWith('.ts') ? [sourceAt(path)] : sourcesIn(path)))
}

/** The file that an import stands for, from the root; undefined: a package. */
export function importedFile({ path }: Pick<SourceFile, 'path'>, name: string): string | undefined {
  if (name === '#plan') return 'sync.config.ts'
  if (!name.startsWith('.')) return undefined
  return relative(root, join(root, dirname(path), name)).replaceAll('\\', '/')
}

/** The code without comments, and without types. */
export function codeOf({ text }: SourceFile): string {
  return transformSync(text, { loader: 'ts', legalComments: 'none', target: 'esnext' }).code
}
