/** Is there a Java that DynamoDB Local runs on? Asked before anything is fetched, so that the answer comes at once. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const JAVA_MAJOR_MIN = 17

/** There is no Java, or one that is too old. The message says what was found and how to install one. */
export class JavaMissing extends Error {
  constructor(found: string) {
    super(
      [
        `DynamoDB Local needs Java ${JAVA_MAJOR_MIN} or newer on the PATH; found: ${found}.`,
        `  Debian, Ubuntu: sudo apt-get install openjdk-${JAVA_MAJOR_MIN}-jre-headless`,
        `  macOS:          brew install openjdk@${JAVA_MAJOR_MIN} (and link it as brew says)`,
        `  Windows:        winget install EclipseAdoptium.Temurin.${JAVA_MAJOR_MIN}.JRE`,
      ].join('\n'),
    )
    this.name = 'JavaMissing'
  }
}

/** Throws `JavaMissing` unless `java -version` tells of Java 17 or newer. */
export async function requireJava(): Promise<void> {
  const version = await javaVersion()
  if (version === undefined) throw new JavaMissing('no Java')
  if (javaMajor(version) < JAVA_MAJOR_MIN) throw new JavaMissing(`Java ${version}`)
}

/** The quoted version of `java -version`: `17.0.15`, `1.8.0_392`, `21`; undefined when there is no Java that runs. */
async function javaVersion(): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)('java', ['-version'])
    return /version "([^"]+)"/.exec(stderr + stdout)?.[1]
  } catch {
    // No such program, or the stub of macOS that only says where to get one.
    return undefined
  }
}

/** Up to Java 8 the major version came second: `1.8.0`. */
function javaMajor(version: string): number {
  const [first = '0', second = '0'] = version.split(/[.+_-]/)
  return Number(first === '1' ? second : first)
}
