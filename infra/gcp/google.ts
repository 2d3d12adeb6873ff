/** Resources of `hashicorp/google`. */
import { dataOf, resourcesOf } from '../terraform/typed-resource.ts'
import type { GoogleData, GoogleTypes } from './google-types.ts'

export const google = resourcesOf<GoogleTypes>()
export const googleData = dataOf<GoogleData>()
export const googleVersion = '~> 8.5'
