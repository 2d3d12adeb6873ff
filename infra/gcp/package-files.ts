/**
 * `package.json` and its lock beside a bundle: Cloud Functions installs the functions framework itself, of which the
 * bundle must not have a copy of its own. The lock is the part of this project's own that the framework needs, so that
 * what is installed there is what was tested here.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { projectRoot } from '../../tools/build/bundle-functions.ts'

const framework = '@google-cloud/functions-framework'

const lockedPackage = z.looseObject({
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
})
type LockedPackage = z.output<typeof lockedPackage>
const lockFile = z.object({ packages: z.record(z.string(), lockedPackage) })

let lock: z.output<typeof lockFile> | undefined

function readLock(): z.output<typeof lockFile> {
  lock ??= lockFile.parse(JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')))
  return lock
}

export function packageFiles(name: string): Readonly<Record<string, object>> {
  const { packages } = readLock()
  const version = packages['']?.dependencies?.[framework]
  if (version === undefined) throw new Error(`this project does not depend on ${framework}`)
  const root = {
    name: `tributary-${name}`,
    version: '0.0.0',
    private: true,
    main: 'index.cjs',
    engines: { node: '24' },
    dependencies: { [framework]: version },
  }
  const needed = new Map<string, LockedPackage>()
  collect(packages, '', framework, needed)
  const inOrder = [...needed].toSorted(([one], [other]) => (one < other ? -1 : 1))
  return {
    'package.json': root,
    'package-lock.json': {
      ...{ name: root.name, version: root.version, lockfileVersion: 3, requires: true },
      packages: { '': root, ...Object.fromEntries(inOrder) },
    },
  }
}

/** `from`: the path of the package that asks, whose own folder and those above it are searched, as Node does. */
function collect(
  packages: Readonly<Record<string, LockedPackage>>,
  from: string,
  name: string,
  needed: Map<string, LockedPackage>,
): void {
  const folders = from
    .split('/node_modules/')
    .map((_, index, parts) => parts.slice(0, index + 1).join('/node_modules/'))
  const path = ['', ...folders.filter(folder => folder !== '')]
    .toReversed()
    .map(folder => `${folder === '' ? '' : `${folder}/`}node_modules/${name}`)
    .find(candidate => packages[candidate])
  const found = path === undefined ? undefined : packages[path]
  // An optional dependency may be none on this platform.
  if (path === undefined || !found || needed.has(path)) return
  const { dev: _, ...entry } = found
  needed.set(path, entry)
  for (const dependency of Object.keys({ ...found.dependencies, ...found.optionalDependencies })) {
    collect(packages, path, dependency, needed)
  }
}
