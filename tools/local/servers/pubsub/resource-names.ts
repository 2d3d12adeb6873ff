/** Names of topics and subscriptions: `projects/{project}/{collection}/{id}`. */
import { invalidArgument } from './rpc-error.ts'

export interface ResourceName {
  readonly project: string
  readonly id: string
}

/** What a subscription's topic is called once that topic is gone. */
export const DELETED_TOPIC = '_deleted-topic_'

const ID = /^[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}$/

/** Throws INVALID_ARGUMENT where the cloud would. */
export function parseResourceName(collection: 'topics' | 'subscriptions', name: string): ResourceName {
  const [projects, project = '', kind, id = '', ...rest] = name.split('/')
  const wellFormed = projects === 'projects' && project !== '' && kind === collection && rest.length === 0
  if (!wellFormed || !ID.test(id) || id.startsWith('goog')) {
    throw invalidArgument(
      `Invalid resource name "${name}": expected projects/{project}/${collection}/{id}, where the id has 3 to 255 of ` +
        'the characters A-Z a-z 0-9 - _ . ~ + %, starts with a letter and not with "goog"',
    )
  }
  return { project, id }
}
