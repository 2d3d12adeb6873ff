/**
 * How a key becomes one text of a store and back: `'CUSTOMER#{customer_id}'`, literal text around the key fields in
 * braces. Reading is what makes it safe: a text belongs to a template if it reads back, and a key whose text would read
 * back as another key is refused where it is placed (see `shared/place`).
 */
export interface KeyTemplate {
  /** One more than fields: before the first, between each two, behind the last. */
  readonly literals: readonly string[]
  readonly fields: readonly string[]
}

/** The values of a template's fields. */
export type FieldTexts = { readonly [field: string]: string }

const parsed = new Map<string, KeyTemplate>()

/** Of a template that `templateFault` finds nothing wrong with. */
export function parseTemplate(text: string): KeyTemplate {
  let template = parsed.get(text)
  if (!template) {
    const pieces = text.split(/\{([^{}]*)\}/)
    template = {
      literals: pieces.filter((_, index) => index % 2 === 0),
      fields: pieces.filter((_, index) => index % 2 === 1),
    }
    parsed.set(text, template)
  }
  return template
}

/** Why a text is no template; undefined: it is one. */
export function templateFault(text: string): string | undefined {
  const { literals, fields } = parseTemplate(text)
  if (text === '') return 'is empty'
  if (literals.some(literal => /[{}]/.test(literal)) || fields.includes('')) return 'has a brace that encloses no field'
  if (literals.slice(1, -1).includes('')) return 'needs some text between two fields, or nobody can tell where one ends'
  return undefined
}

export function fillTemplate({ literals, fields }: KeyTemplate, textOf: (field: string) => string): string {
  return fields.reduce((text, field, index) => text + textOf(field) + literals[index + 1], literals[0] ?? '')
}

/** A field ends where the text behind it first occurs, the last one at the end. Undefined: no text of this template. */
export function readTemplate({ literals, fields }: KeyTemplate, text: string): FieldTexts | undefined {
  const first = literals[0] ?? ''
  if (!text.startsWith(first)) return undefined
  let rest = text.slice(first.length)
  const values: Record<string, string> = {}
  for (const [index, field] of fields.entries()) {
    const literal = literals[index + 1] ?? ''
    const isLast = index === fields.length - 1
    const end = isLast ? (rest.endsWith(literal) ? rest.length - literal.length : -1) : rest.indexOf(literal)
    if (end <= 0) return undefined
    values[field] = rest.slice(0, end)
    rest = isLast ? '' : rest.slice(end + literal.length)
  }
  return rest === '' ? values : undefined
}

/** Whether some text may be of both templates. Told from what stands at their ends: true where that does not decide. */
export function mayMeet(a: KeyTemplate, b: KeyTemplate): boolean {
  if (a.fields.length === 0) return readTemplate(b, a.literals[0] ?? '') !== undefined
  if (b.fields.length === 0) return readTemplate(a, b.literals[0] ?? '') !== undefined
  const [startA, startB] = [a.literals[0] ?? '', b.literals[0] ?? '']
  const [endA, endB] = [a.literals.at(-1) ?? '', b.literals.at(-1) ?? '']
  return (startA.startsWith(startB) || startB.startsWith(startA)) && (endA.endsWith(endB) || endB.endsWith(endA))
}
