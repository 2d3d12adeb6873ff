/** The versions of npm packages as installed: which client asked, which server of a package answered. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'

const root = new URL('../../', import.meta.url)

/** `3.1162.0` */
export function packageVersion(name: string): string {
  return versionIn(new URL(`node_modules/${name}/package.json`, root))
}

/** Tributary's own, for the servers that it brings. */
export function projectVersion(): string {
  return versionIn(new URL('package.json', root))
}

function versionIn(file: URL): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version
}

/** `@aws-sdk/client-dynamodb 3.1162.0` */
export function clientVersions(names: readonly string[]): readonly string[] {
  return names.map(name => `${name} ${packageVersion(name)}`)
}
