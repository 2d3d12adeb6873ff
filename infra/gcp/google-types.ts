/**
 * The arguments of `hashicorp/google` resources that are used here, under the provider's own names.
 * Source: https://registry.terraform.io/providers/hashicorp/google/latest/docs; checked as docs/terraform.md says.
 */
type Labels = Readonly<Record<string, string>>

interface AlertAggregation {
  readonly alignment_period: string
  readonly per_series_aligner: string
  readonly cross_series_reducer?: string
  readonly group_by_fields?: readonly string[]
}

export interface AlertCondition {
  readonly display_name: string
  readonly condition_threshold?: {
    readonly filter: string
    readonly denominator_filter?: string
    readonly comparison: 'COMPARISON_GT'
    readonly threshold_value: number
    readonly duration: string
    readonly aggregations: readonly AlertAggregation[]
    readonly denominator_aggregations?: readonly AlertAggregation[]
  }
  readonly condition_prometheus_query_language?: {
    readonly query: string
    readonly duration: string
    readonly evaluation_interval: string
  }
}

export interface GoogleTypes {
  google_project_service: { readonly service: string; readonly disable_on_destroy: boolean }

  google_kms_key_ring: { readonly name: string; readonly location: string }
  google_kms_crypto_key: {
    readonly name: string
    readonly key_ring: string
    readonly labels: Labels
    /** Of a key that encrypts. */
    readonly rotation_period?: string
    readonly purpose?: 'ASYMMETRIC_SIGN'
    readonly version_template?: {
      readonly algorithm: 'EC_SIGN_P256_SHA256'
      readonly protection_level: 'SOFTWARE'
    }
  }
  google_kms_crypto_key_iam_member: {
    readonly crypto_key_id: string
    readonly role: string
    readonly member: string
  }

  google_firestore_database: {
    readonly name: string
    readonly location_id: string
    readonly type: 'FIRESTORE_NATIVE'
    readonly point_in_time_recovery_enablement: 'POINT_IN_TIME_RECOVERY_ENABLED'
    readonly delete_protection_state: 'DELETE_PROTECTION_ENABLED'
    readonly cmek_config: { readonly kms_key_name: string }
  }
  google_firestore_backup_schedule: {
    readonly database: string
    readonly retention: string
    readonly daily_recurrence: object
  }
  google_firestore_index: {
    readonly database: string
    readonly collection: string
    readonly query_scope: string
    readonly fields: readonly {
      readonly field_path: string
      readonly order?: string
      readonly array_config?: string
    }[]
  }
  google_firestore_field: {
    readonly database: string
    readonly collection: string
    readonly field: string
    readonly ttl_config?: object
    /** Empty: no index at all. Absent: those of every field. */
    readonly index_config?: object
  }

  google_pubsub_topic: {
    readonly name: string
    readonly kms_key_name: string
    readonly message_storage_policy: {
      readonly allowed_persistence_regions: readonly string[]
      readonly enforce_in_transit: boolean
    }
    readonly labels: Labels
  }
  google_pubsub_subscription: {
    readonly name: string
    readonly topic: string
    readonly ack_deadline_seconds: number
    readonly message_retention_duration: string
    readonly expiration_policy: { readonly ttl: '' }
    readonly filter?: string
    readonly retry_policy?: { readonly minimum_backoff: string; readonly maximum_backoff: string }
    readonly push_config?: {
      readonly push_endpoint: string
      readonly oidc_token: { readonly service_account_email: string; readonly audience: string }
    }
    readonly labels: Labels
  }
  google_pubsub_topic_iam_member: { readonly topic: string; readonly role: string; readonly member: string }

  google_storage_bucket: {
    readonly name: string
    readonly location: string
    readonly uniform_bucket_level_access: boolean
    readonly public_access_prevention: 'enforced'
    readonly encryption: { readonly default_kms_key_name: string }
    readonly force_destroy: boolean
    readonly labels: Labels
  }
  google_storage_bucket_object: { readonly name: string; readonly bucket: string; readonly source: string }

  google_service_account: {
    readonly account_id: string
    readonly display_name: string
  }
  google_project_iam_custom_role: {
    readonly role_id: string
    readonly title: string
    readonly description: string
    readonly permissions: readonly string[]
  }
  google_project_iam_member: { readonly project: string; readonly role: string; readonly member: string }

  google_cloudfunctions2_function: {
    readonly name: string
    readonly location: string
    readonly description: string
    readonly build_config: {
      readonly runtime: 'nodejs24'
      readonly entry_point: string
      readonly service_account: string
      readonly source: { readonly storage_source: { readonly bucket: string; readonly object: string } }
    }
    readonly service_config: {
      readonly min_instance_count: string | number
      readonly max_instance_count: string | number
      readonly max_instance_request_concurrency: number
      readonly available_cpu: string
      readonly available_memory: string
      readonly timeout_seconds: number
      readonly ingress_settings: 'ALLOW_INTERNAL_ONLY' | 'ALLOW_INTERNAL_AND_GCLB'
      readonly all_traffic_on_latest_revision: boolean
      readonly service_account_email: string
      readonly environment_variables: Readonly<Record<string, string>>
    }
    readonly labels: Labels
  }
  google_cloud_run_v2_service_iam_member: {
    readonly location: string
    readonly name: string
    readonly role: 'roles/run.invoker'
    readonly member: string
  }
  google_eventarc_google_channel_config: {
    readonly name: string
    readonly location: string
    readonly crypto_key_name: string
  }
  google_eventarc_trigger: {
    readonly name: string
    readonly location: string
    readonly matching_criteria: readonly {
      readonly attribute: string
      readonly value: string
      readonly operator?: 'match-path-pattern'
    }[]
    readonly event_data_content_type: 'application/protobuf'
    readonly destination: { readonly cloud_run_service: { readonly service: string; readonly region: string } }
    readonly service_account: string
    readonly labels: Labels
  }
  google_cloud_scheduler_job: {
    readonly name: string
    readonly region: string
    readonly description: string
    readonly schedule: string
    readonly time_zone: string
    readonly attempt_deadline: string
    readonly retry_config: { readonly retry_count: number }
    readonly http_target: {
      readonly http_method: 'POST'
      readonly uri: string
      readonly oidc_token: { readonly service_account_email: string; readonly audience: string }
    }
  }

  google_compute_network: { readonly name: string; readonly auto_create_subnetworks: boolean }
  google_compute_subnetwork: {
    readonly name: string
    readonly region: string
    readonly network: string
    readonly ip_cidr_range: string
    readonly purpose: 'REGIONAL_MANAGED_PROXY'
    readonly role: 'ACTIVE'
  }
  google_compute_address: { readonly name: string; readonly region: string; readonly network_tier: 'STANDARD' }
  google_compute_region_network_endpoint_group: {
    readonly name: string
    readonly region: string
    readonly network_endpoint_type: 'SERVERLESS'
    readonly cloud_run: { readonly service: string }
  }
  google_compute_region_security_policy: {
    readonly name: string
    readonly region: string
    readonly type: 'CLOUD_ARMOR'
    readonly rules: readonly {
      readonly priority: number
      readonly action: string
      readonly description: string
      readonly match: {
        readonly versioned_expr?: 'SRC_IPS_V1'
        readonly config?: { readonly src_ip_ranges: readonly string[] }
        readonly expr?: { readonly expression: string }
      }
      readonly rate_limit_options?: {
        readonly conform_action: 'allow'
        readonly exceed_action: string
        readonly enforce_on_key: 'ALL'
        readonly rate_limit_threshold: { readonly count: number; readonly interval_sec: number }
      }
    }[]
  }
  google_compute_region_backend_service: {
    readonly name: string
    readonly region: string
    readonly load_balancing_scheme: 'EXTERNAL_MANAGED'
    readonly protocol: 'HTTPS'
    readonly backend: { readonly group: string; readonly balancing_mode: string; readonly capacity_scaler: number }
    readonly security_policy: string
    readonly log_config: { readonly enable: boolean; readonly sample_rate: number }
  }
  google_compute_region_url_map: { readonly name: string; readonly region: string; readonly default_service: string }
  google_compute_region_ssl_policy: {
    readonly name: string
    readonly region: string
    readonly profile: 'RESTRICTED'
    readonly min_tls_version: 'TLS_1_2'
  }
  google_compute_region_target_https_proxy: {
    readonly name: string
    readonly region: string
    readonly url_map: string
    readonly ssl_policy: string
    readonly certificate_manager_certificates: readonly string[]
  }
  google_compute_forwarding_rule: {
    readonly name: string
    readonly region: string
    readonly load_balancing_scheme: 'EXTERNAL_MANAGED'
    readonly network: string
    readonly network_tier: 'STANDARD'
    readonly ip_address: string
    readonly ip_protocol: 'TCP'
    readonly port_range: '443'
    readonly target: string
  }
  google_certificate_manager_dns_authorization: {
    readonly name: string
    readonly location: string
    readonly domain: string
    readonly type: 'PER_PROJECT_RECORD'
  }
  google_certificate_manager_certificate: {
    readonly name: string
    readonly location: string
    readonly managed: { readonly domains: readonly string[]; readonly dns_authorizations: readonly string[] }
  }

  google_logging_project_bucket_config: {
    readonly project: string
    readonly location: string
    readonly bucket_id: string
    readonly retention_days: number
  }
  google_logging_project_sink: {
    readonly name: string
    readonly destination: string
    readonly filter: string
    readonly unique_writer_identity: boolean
  }
  google_logging_project_exclusion: { readonly name: string; readonly description: string; readonly filter: string }
  google_logging_metric: {
    readonly name: string
    readonly description: string
    readonly filter: string
    readonly value_extractor?: string
    readonly metric_descriptor: {
      readonly metric_kind: 'DELTA'
      readonly value_type: 'INT64' | 'DISTRIBUTION'
      readonly unit: string
    }
    readonly bucket_options?: {
      readonly exponential_buckets: {
        readonly num_finite_buckets: number
        readonly growth_factor: number
        readonly scale: number
      }
    }
  }
  google_monitoring_notification_channel: {
    readonly display_name: string
    readonly type: 'email'
    readonly labels: { readonly email_address: string }
  }
  google_monitoring_alert_policy: {
    readonly display_name: string
    readonly severity: 'WARNING' | 'CRITICAL'
    readonly combiner: 'OR'
    readonly conditions: readonly AlertCondition[]
    readonly notification_channels: readonly string[]
    readonly documentation: { readonly content: string; readonly mime_type: 'text/markdown' }
    readonly user_labels: Labels
  }
  google_monitoring_dashboard: { readonly dashboard_json: string }
}

export interface GoogleData {
  google_project: { readonly project_id: string }
  google_kms_crypto_key_version: { readonly crypto_key: string }
}
