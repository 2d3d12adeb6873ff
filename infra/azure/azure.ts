/**
 * Resources of `hashicorp/azurerm`, and of Microsoft's own `Azure/azapi` where azurerm cannot say what is needed: a
 * function app without any storage key (azurerm puts one that is empty among the settings, and the host then fails to
 * start: https://github.com/hashicorp/terraform-provider-azurerm/issues/29693), and Cosmos DB's change feed with all
 * versions and deletes.
 */
import { dataOf, resourcesOf } from '../terraform/typed-resource.ts'
import type { AzureData, AzureTypes } from './azurerm-types.ts'

export const azure = resourcesOf<AzureTypes>()
export const azureData = dataOf<AzureData>()
export const azurermVersion = '~> 4.73'
export const azapiVersion = '~> 2.5'
