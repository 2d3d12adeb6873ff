/** Runs before every file of the `local` project: no server of the developer's is taken for one of a test's own. */
import { clearEndpoints } from '../clouds/clear-endpoints.ts'

clearEndpoints()
