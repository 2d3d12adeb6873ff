/** Where is kept what takes long to fetch or to make: `TRIBUTARY_CACHE`, or `.cache` in the project. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const cacheFolder = process.env.TRIBUTARY_CACHE ?? join(fileURLToPath(new URL('..', import.meta.url)), '.cache')
