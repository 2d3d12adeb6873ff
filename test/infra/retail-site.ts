/** What the declaration of this project says about its AWS site: what the templates are compared with. */
import { peersOf, typesAt } from '../../shared/declare/sync-plan.ts'
import plan from '../../sync.config.ts'

export { plan }
export const site = 'aws-us-east-1'
export const peers = peersOf(plan, site).map(({ id }) => id)
export const types = typesAt(plan, site)
export const typeNames = types.map(({ name }) => name)
export const forwards = peers.map(peer => `tributary-forward-${peer}`)
export const functionNames = [
  'tributary-capture',
  'tributary-publish',
  ...forwards,
  'tributary-ingest',
  'tributary-prune',
]
