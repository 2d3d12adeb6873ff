/** A synthesised Terraform site, as the tests look at it: parsed, and with references followed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { projectRoot } from '../../tools/build/bundle-functions.ts'

const blocks = z.record(z.string(), z.record(z.string(), z.record(z.string(), z.any())))
const variable = z.object({
  type: z.string(),
  description: z.string(),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  validation: z.array(z.object({ condition: z.string(), error_message: z.string() })).default([]),
})
const template = z.object({
  terraform: z.object({
    required_providers: z.record(z.string(), z.object({ source: z.string(), version: z.string() })),
  }),
  provider: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
  data: blocks.default({}),
  resource: blocks,
  variable: z.record(z.string(), variable),
  output: z.record(z.string(), z.object({ value: z.string(), description: z.string() })),
})

export type Template = z.output<typeof template>
export type Arguments = Template['resource'][string][string]

export function readSite(folder: string): Template {
  return template.parse(JSON.parse(readFileSync(join(folder, 'main.tf.json'), 'utf8')))
}

/** Every resource of a type, by its name in the template. */
export function resourcesOf({ resource }: Template, type: string): ReadonlyMap<string, Arguments> {
  return new Map(Object.entries(resource[type] ?? {}))
}

export function resourceOf(from: Template, type: string, name: string): Arguments {
  const found = from.resource[type]?.[name]
  if (!found) throw new Error(`no ${type}.${name}`)
  return found
}

/** `type.name` of everything in the template. */
export function inventoryOf({ resource }: Template): readonly string[] {
  return Object.entries(resource)
    .flatMap(([type, byName]) => Object.keys(byName).map(name => `${type}.${name}`))
    .toSorted()
}

/** What Terraform refuses to destroy, by its address. */
export function protectedIn(from: Template): ReadonlyMap<string, Arguments> {
  const all = inventoryOf(from).map(address => {
    const [type = '', name = ''] = address.split('.')
    return [address, resourceOf(from, type, name)] as const
  })
  return new Map(all.filter(([, { lifecycle }]) => lifecycle?.prevent_destroy === true))
}

/** The addresses that the arguments of a resource refer to. */
export function referredToBy(from: Template, args: Arguments): readonly string[] {
  const { depends_on: _, ...own } = args
  const text = JSON.stringify(own)
  return inventoryOf(from).filter(address => text.includes(`\${${address}.`) || text.includes(`\${${address}[`))
}

/** The pattern with which docs/uninstall.md finds in the state what shall stay. */
export function keptInDocs(heading: string): RegExp {
  const docs = readFileSync(join(projectRoot, 'docs/uninstall.md'), 'utf8')
  const section = docs.split(`\n### ${heading}\n`)[1]?.split('\n### ')[0] ?? ''
  const pattern = /terraform state list \| grep -E '([^']+)'/.exec(section)?.[1]
  if (pattern === undefined) throw new Error(`docs/uninstall.md, ${heading}: no terraform state list`)
  return new RegExp(pattern)
}

/** How a template refers to something. */
export function reference(expression: string): string {
  return `\${${expression}}`
}

export interface Known {
  /** What the deployer says, by the variable's name. */
  readonly variables?: Readonly<Record<string, string>>
  /** What only a cloud knows, by expression. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** A text with its references followed, as far as the template itself says: what a cloud makes up stands as `{expression}`. */
export function textOf(from: Template, text: string, known: Known = {}): string {
  return text.replaceAll(/\$\{([^}]*)\}/g, (_, expression: string) => {
    const [head = '', ...path] = expression.split('.')
    if (head === 'var') return String(known.variables?.[path[0] ?? ''] ?? from.variable[path[0] ?? '']?.default)
    const given = known.attributes?.[expression]
    if (given !== undefined) return given
    const [name = '', attribute = ''] = path
    const value: unknown = from.resource[head]?.[name.replace('[0]', '')]?.[attribute]
    return typeof value === 'string' ? textOf(from, value, known) : `{${expression}}`
  })
}

/** `path = value` for every value in it, so that two templates can be compared line by line. */
export function linesOf(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [`${path} = ${JSON.stringify(value)}`]
  // A list in no order.
  if (path.endsWith('.depends_on')) return Object.values(value).map(name => `${path} = ${name}`)
  const entries = Object.entries(value)
  if (entries.length === 0) return [`${path} = ${JSON.stringify(value)}`]
  return entries.flatMap(([key, inner]) => linesOf(inner, path === '' ? key : `${path}.${key}`))
}

/** What is in one template and not in the other, without the resources that are whole in one of them only. */
export function differenceOf(before: Template, after: Template) {
  const [old, present] = [inventoryOf(before), inventoryOf(after)]
  const gone = old.filter(name => !present.includes(name))
  const added = present.filter(name => !old.includes(name))
  const whole = [...gone, ...added].map(name => `resource.${name}.`)
  const changed = (from: Template, to: Template) => {
    const others = new Set(linesOf(to))
    return linesOf(from).filter(line => !others.has(line) && !whole.some(prefix => line.startsWith(prefix)))
  }
  return { gone, added, minus: changed(before, after), plus: changed(after, before) }
}
