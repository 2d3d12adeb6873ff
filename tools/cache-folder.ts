/** Where is kept what takes long to fetch or to make: `TRIBUTARY_CACHE`, or `.cache` in the project. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const cacheFolder = process.env.TRIBUTARY_CACHE ?? join(fileURLToPath(new URL('..', import.meta.url)), '.cache')

/** Where Node keeps what it compiled. */
export const compiledFolder = join(cacheFolder, 'compiled')

/** In the environment of a process or a worker thread: it takes its compiled code from there, and leaves it there. */
export const compileCache = { NODE_COMPILE_CACHE: compiledFolder }
