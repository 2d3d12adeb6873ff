/** A provider in the version that the argument tables were checked against, with the settings of its block. */
import { TerraformProvider } from 'cdktn'
import type { Construct } from 'constructs'

export interface ProviderProps {
  readonly name: string
  /** In the registry; default HashiCorp's. */
  readonly source?: string
  /** A constraint: `~> 8.5`. */
  readonly version: string
  readonly settings: object
}

export class Provider extends TerraformProvider {
  readonly #settings: object

  constructor(scope: Construct, { name, source = `hashicorp/${name}`, version, settings }: ProviderProps) {
    super(scope, `provider.${name}`, {
      terraformResourceType: name,
      terraformProviderSource: source,
      terraformGeneratorMetadata: { providerName: name, providerVersion: version },
    })
    this.#settings = settings
  }

  protected override synthesizeAttributes(): { [name: string]: unknown } {
    return { ...this.#settings }
  }
}
