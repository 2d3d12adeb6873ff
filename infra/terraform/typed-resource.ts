/**
 * Resources and data sources with checked arguments, under plain names that operators can type
 * (`google_pubsub_topic.changes`).
 *
 * cdktn knows no provider: it writes down whatever it is given. So each cloud has a table of the arguments that are used
 * here, in the provider's own words (infra/gcp/google-types.ts, infra/azure/azurerm-types.ts), against which the
 * compiler checks. How the tables were compared with the providers' own schemas is in docs/terraform.md.
 */
import { type ITerraformDependable, TerraformDataSource, TerraformResource } from 'cdktn'
import type { Construct } from 'constructs'

export interface MetaArguments {
  readonly dependsOn?: readonly ITerraformDependable[]
  /** An expression: how many there are. */
  readonly count?: string
  /** Terraform refuses to delete it. */
  readonly preventDestroy?: boolean
  /** A command on the deployer's machine, once it is made. */
  readonly command?: string
}

export class TypedResource extends TerraformResource {
  readonly #args: object
  readonly #index: string

  constructor(scope: Construct, name: string, type: string, args: object, meta: MetaArguments = {}) {
    const { dependsOn, count, preventDestroy = false, command } = meta
    super(scope, `${type}.${name}`, {
      terraformResourceType: type,
      ...(dependsOn ? { dependsOn: [...dependsOn] } : {}),
      ...(preventDestroy ? { lifecycle: { preventDestroy } } : {}),
      ...(command === undefined ? {} : { provisioners: [{ type: 'local-exec', command }] }),
    })
    this.overrideLogicalId(name)
    this.#args = args
    this.#index = count === undefined ? '' : '[0]'
    if (count !== undefined) this.addOverride('count', count)
  }

  /** `${google_pubsub_topic.changes.name}` */
  get(attribute: string): string {
    return `\${${this.expression(attribute)}}`
  }

  /** The same within another expression: `google_pubsub_topic.changes.name`. */
  expression(attribute: string): string {
    return `${this.terraformResourceType}.${this.friendlyUniqueId}${this.#index}.${attribute}`
  }

  get id(): string {
    return this.get('id')
  }

  protected override synthesizeAttributes(): { [name: string]: unknown } {
    return { ...this.#args }
  }
}

export class TypedData extends TerraformDataSource {
  readonly #args: object

  constructor(scope: Construct, name: string, type: string, args: object) {
    super(scope, `data.${type}.${name}`, { terraformResourceType: type })
    this.overrideLogicalId(name)
    this.#args = args
  }

  /** `${data.google_project.this.number}` */
  get(attribute: string): string {
    return `\${${this.expression(attribute)}}`
  }

  expression(attribute: string): string {
    return `data.${this.terraformResourceType}.${this.friendlyUniqueId}.${attribute}`
  }

  protected override synthesizeAttributes(): { [name: string]: unknown } {
    return { ...this.#args }
  }
}

/** Makes resources of one provider: `google(scope, 'changes', 'google_pubsub_topic', { name })`. */
export function resourcesOf<Types>() {
  return <Type extends keyof Types & string>(
    scope: Construct,
    name: string,
    type: Type,
    args: Types[Type] & object,
    meta?: MetaArguments,
  ): TypedResource => new TypedResource(scope, name, type, args, meta)
}

/** The same for what is only looked up. */
export function dataOf<Types>() {
  return <Type extends keyof Types & string>(
    scope: Construct,
    name: string,
    type: Type,
    args: Types[Type] & object,
  ): TypedData => new TypedData(scope, name, type, args)
}
