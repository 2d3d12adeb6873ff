/** For a route that nobody steers. */
import type { FlowControl } from '../../replicate/flow-control.ts'
import { openFlow } from '../../replicate/flow-settings.ts'

export const openFlowControl: FlowControl = { settings: async () => openFlow, turn: async () => true }
