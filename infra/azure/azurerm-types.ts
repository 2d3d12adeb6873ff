/**
 * The arguments of `hashicorp/azurerm` and `Azure/azapi` resources that are used here, under the providers' own names.
 * Source: https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs; checked as docs/terraform.md says.
 */
type Tags = Readonly<Record<string, string>>

interface InGroup {
  readonly name: string
  readonly resource_group_name: string
}

interface Placed extends InGroup {
  readonly location: string
  readonly tags: Tags
}

export interface AppSetting {
  readonly name: string
  readonly value: string
}

export interface IpRestriction {
  readonly name: string
  readonly action: 'Allow'
  readonly priority: number
  readonly tag: 'ServiceTag'
  readonly ipAddress: string
  readonly headers: { readonly 'x-azure-fdid': readonly string[] }
}

/** `Microsoft.Web/sites` of a function app on the Flex Consumption plan. */
export interface FunctionAppBody {
  readonly kind: 'functionapp,linux'
  readonly properties: {
    readonly serverFarmId: string
    readonly httpsOnly: boolean
    readonly siteConfig: {
      readonly minTlsVersion: '1.3'
      readonly http20Enabled: boolean
      readonly ipSecurityRestrictionsDefaultAction: 'Deny'
      readonly ipSecurityRestrictions: readonly IpRestriction[]
      readonly scmIpSecurityRestrictionsDefaultAction: 'Allow'
      readonly scmIpSecurityRestrictionsUseMain: boolean
      readonly appSettings: readonly AppSetting[]
    }
    readonly functionAppConfig: {
      readonly deployment: {
        readonly storage: {
          readonly type: 'blobContainer'
          readonly value: string
          readonly authentication: {
            readonly type: 'UserAssignedIdentity'
            readonly userAssignedIdentityResourceId: string
          }
        }
      }
      readonly runtime: { readonly name: 'node'; readonly version: '24' }
      readonly scaleAndConcurrency: {
        readonly maximumInstanceCount: string
        readonly instanceMemoryMB: string
        readonly alwaysReady: readonly { readonly name: string; readonly instanceCount: string }[]
      }
    }
  }
}

export interface AzureTypes {
  azurerm_resource_group: { readonly name: string; readonly location: string; readonly tags: Tags }

  azurerm_cosmosdb_account: Placed & {
    readonly offer_type: 'Standard'
    readonly kind: 'GlobalDocumentDB'
    readonly local_authentication_disabled: boolean
    readonly minimal_tls_version: 'Tls12'
    readonly multiple_write_locations_enabled: boolean
    readonly capabilities: readonly { readonly name: 'EnableServerless' }[]
    readonly consistency_policy: {
      readonly consistency_level: 'BoundedStaleness'
      readonly max_interval_in_seconds: number
      readonly max_staleness_prefix: number
    }
    readonly geo_location: readonly { readonly location: string; readonly failover_priority: number }[]
    readonly backup: { readonly type: 'Continuous'; readonly tier: 'Continuous30Days' }
  }
  azurerm_cosmosdb_sql_database: InGroup & { readonly account_name: string }
  azurerm_cosmosdb_sql_container: InGroup & {
    readonly account_name: string
    readonly database_name: string
    readonly partition_key_paths: readonly string[]
    readonly partition_key_version: 2
    readonly default_ttl?: number
    readonly indexing_policy?: {
      readonly indexing_mode: 'consistent'
      readonly included_path: readonly { readonly path: string }[]
      readonly excluded_path: readonly { readonly path: string }[]
    }
  }
  azurerm_cosmosdb_sql_role_definition: InGroup & {
    readonly account_name: string
    readonly type: 'CustomRole'
    readonly assignable_scopes: readonly string[]
    readonly permissions: readonly { readonly data_actions: readonly string[] }[]
  }
  azurerm_cosmosdb_sql_role_assignment: {
    readonly resource_group_name: string
    readonly account_name: string
    readonly role_definition_id: string
    readonly principal_id: string
    readonly scope: string
  }

  azurerm_storage_account: Placed & {
    readonly account_tier: 'Standard'
    readonly account_replication_type: 'ZRS'
    readonly account_kind: 'StorageV2'
    readonly shared_access_key_enabled: boolean
    readonly default_to_oauth_authentication: boolean
    readonly local_user_enabled: boolean
    readonly allow_nested_items_to_be_public: boolean
    readonly cross_tenant_replication_enabled: boolean
    readonly https_traffic_only_enabled: boolean
    readonly infrastructure_encryption_enabled: boolean
    readonly min_tls_version: 'TLS1_2'
  }
  azurerm_storage_queue: { readonly name: string; readonly storage_account_id: string }
  azurerm_storage_container: {
    readonly name: string
    readonly storage_account_id: string
    readonly container_access_type: 'private'
  }

  azurerm_key_vault: Placed & {
    readonly tenant_id: string
    readonly sku_name: 'standard'
    readonly rbac_authorization_enabled: boolean
    readonly purge_protection_enabled: boolean
    readonly soft_delete_retention_days: number
  }
  azurerm_key_vault_key: {
    readonly name: string
    readonly key_vault_id: string
    readonly key_type: 'EC'
    readonly curve: 'P-256'
    readonly key_opts: readonly ('sign' | 'verify')[]
  }
  azurerm_user_assigned_identity: Placed
  azurerm_role_definition: {
    /** One in all of the tenant. */
    readonly name: string
    readonly description: string
    readonly scope: string
    readonly assignable_scopes: readonly string[]
    readonly permissions: readonly { readonly data_actions: readonly string[] }[]
  }
  azurerm_role_assignment: {
    readonly scope: string
    /** One of both. */
    readonly role_definition_name?: string
    readonly role_definition_id?: string
    readonly principal_id: string
    /** Absent: of the deployer, who may be a person. */
    readonly principal_type?: 'ServicePrincipal'
  }

  azurerm_service_plan: Placed & { readonly os_type: 'Linux'; readonly sku_name: 'FC1' }
  azapi_resource: {
    readonly type: string
    readonly name: string
    readonly parent_id: string
    readonly location: string
    readonly tags: Tags
    readonly identity: { readonly type: 'UserAssigned'; readonly identity_ids: readonly string[] }
    readonly body: FunctionAppBody
    readonly response_export_values: readonly string[]
  }
  azapi_update_resource: {
    readonly type: string
    readonly body: { readonly properties: Readonly<Record<string, boolean>> }
  } & ({ readonly resource_id: string } | { readonly parent_id: string; readonly name: string })
  terraform_data: { readonly triggers_replace: readonly string[] }

  azurerm_cdn_frontdoor_profile: InGroup & { readonly sku_name: 'Standard_AzureFrontDoor'; readonly tags: Tags }
  azurerm_cdn_frontdoor_endpoint: {
    readonly name: string
    readonly cdn_frontdoor_profile_id: string
    readonly tags: Tags
  }
  azurerm_cdn_frontdoor_origin_group: {
    readonly name: string
    readonly cdn_frontdoor_profile_id: string
    readonly session_affinity_enabled: boolean
    readonly load_balancing: object
  }
  azurerm_cdn_frontdoor_origin: {
    readonly name: string
    readonly cdn_frontdoor_origin_group_id: string
    readonly enabled: boolean
    readonly host_name: string
    readonly origin_host_header: string
    readonly certificate_name_check_enabled: boolean
  }
  azurerm_cdn_frontdoor_route: {
    readonly name: string
    readonly cdn_frontdoor_endpoint_id: string
    readonly cdn_frontdoor_origin_group_id: string
    readonly cdn_frontdoor_origin_ids: readonly string[]
    readonly patterns_to_match: readonly string[]
    readonly supported_protocols: readonly 'Https'[]
    readonly forwarding_protocol: 'HttpsOnly'
    readonly https_redirect_enabled: boolean
    readonly link_to_default_domain: boolean
  }
  azurerm_cdn_frontdoor_firewall_policy: InGroup & {
    readonly sku_name: 'Standard_AzureFrontDoor'
    readonly mode: 'Prevention'
    readonly custom_rule: readonly {
      readonly name: string
      readonly type: 'RateLimitRule' | 'MatchRule'
      readonly action: 'Block'
      readonly priority: number
      readonly rate_limit_duration_in_minutes?: number
      readonly rate_limit_threshold?: number
      readonly match_condition: readonly {
        readonly match_variable: string
        readonly operator: string
        readonly negation_condition: boolean
        readonly match_values: readonly string[]
      }[]
    }[]
    readonly tags: Tags
  }
  azurerm_cdn_frontdoor_security_policy: {
    readonly name: string
    readonly cdn_frontdoor_profile_id: string
    readonly security_policies: {
      readonly firewall: {
        readonly cdn_frontdoor_firewall_policy_id: string
        readonly association: {
          readonly patterns_to_match: readonly ['/*']
          readonly domain: readonly { readonly cdn_frontdoor_domain_id: string }[]
        }
      }
    }
  }

  azurerm_log_analytics_workspace: Placed & {
    readonly sku: 'PerGB2018'
    readonly retention_in_days: number
    readonly local_authentication_enabled: boolean
  }
  azurerm_application_insights: Placed & {
    readonly workspace_id: string
    readonly application_type: 'Node.JS'
    readonly retention_in_days: number
    readonly local_authentication_disabled: boolean
  }
  azurerm_monitor_diagnostic_setting: {
    readonly name: string
    readonly target_resource_id: string
    readonly log_analytics_workspace_id: string
    readonly enabled_log: readonly { readonly category: string }[]
  }
  azurerm_monitor_action_group: InGroup & {
    readonly short_name: string
    readonly email_receiver: readonly {
      readonly name: string
      readonly email_address: string
      readonly use_common_alert_schema: boolean
    }[]
    readonly tags: Tags
  }
  azurerm_monitor_metric_alert: InGroup & {
    readonly description: string
    readonly severity: number
    readonly scopes: readonly string[]
    readonly frequency: string
    readonly window_size: string
    readonly criteria: readonly {
      readonly metric_namespace: string
      readonly metric_name: string
      readonly aggregation: 'Total' | 'Count'
      readonly operator: 'GreaterThan'
      readonly threshold: number
      readonly dimension: readonly {
        readonly name: string
        readonly operator: 'Include'
        readonly values: readonly string[]
      }[]
    }[]
    readonly action: readonly { readonly action_group_id: string }[]
    readonly tags: Tags
  }
  azurerm_monitor_scheduled_query_rules_alert_v2: Placed & {
    readonly display_name: string
    readonly description: string
    readonly severity: number
    readonly scopes: readonly string[]
    readonly evaluation_frequency: string
    readonly window_duration: string
    readonly auto_mitigation_enabled: boolean
    readonly criteria: readonly {
      readonly query: string
      readonly time_aggregation_method: 'Maximum'
      readonly metric_measure_column: string
      readonly operator: 'GreaterThan'
      readonly threshold: number
    }[]
    readonly action: { readonly action_groups: readonly string[] }
  }
  azurerm_application_insights_workbook: Placed & {
    readonly display_name: string
    readonly source_id: string
    readonly data_json: string
  }
}

export interface AzureData {
  azurerm_client_config: object
  azurerm_cosmosdb_account: InGroup
}
