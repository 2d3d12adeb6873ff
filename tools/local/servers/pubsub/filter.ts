/**
 * Which messages does a filtered subscription deliver? Those whose attributes match an expression such as
 * `attributes.kind = "change" AND NOT hasPrefix(attributes.origin, "gcp-")`.
 *
 * The whole of the documented language, compiled once into a predicate:
 *   expression := term (AND term)* | term (OR term)*       AND and OR do not mix without parentheses
 *   term       := NOT term | -term | ( expression ) | hasPrefix(attributes.KEY, "text")
 *               | attributes:KEY | attributes.KEY = "text" | attributes.KEY != "text"
 * Source: https://cloud.google.com/pubsub/docs/subscription-message-filter
 */
import { LIMITS } from './limits.ts'
import { invalidArgument } from './rpc-error.ts'

export type AttributeFilter = (attributes: Readonly<Record<string, string>>) => boolean

/** Throws INVALID_ARGUMENT if the expression cannot be read. An empty one matches everything. */
export function compileFilter(expression: string): AttributeFilter {
  if (expression.trim() === '') return () => true
  if (Buffer.byteLength(expression) > LIMITS.filterBytesMax) {
    throw invalidArgument(`The filter is longer than ${LIMITS.filterBytesMax} bytes`)
  }
  const parser = new FilterParser(expression)
  const filter = parser.expression()
  parser.end()
  return filter
}

type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'symbol'; readonly text: string }

const TOKEN = /\s*(?:(?<literal>"(?:\\.|[^"\\])*")|(?<word>\w[\w-]*)|(?<symbol>!=|[=:.,()-]))/y

class FilterParser {
  readonly #source: string
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(source: string) {
    this.#source = source
    this.#tokens = this.#tokenize()
  }

  expression(): AttributeFilter {
    const terms = [this.#term()]
    const joiner = this.#peekWord('AND', 'OR')
    while (joiner && this.#peekWord('AND', 'OR')) {
      if (!this.#takeWord(joiner)) throw this.#unreadable('AND and OR together need parentheses')
      terms.push(this.#term())
    }
    return joiner === 'OR'
      ? attributes => terms.some(term => term(attributes))
      : attributes => terms.every(term => term(attributes))
  }

  end(): void {
    const token = this.#tokens[this.#next]
    if (token) throw this.#unreadable(`unexpected "${token.text}"`)
  }

  #term(): AttributeFilter {
    if (this.#takeWord('NOT') || this.#takeSymbol('-')) {
      const negated = this.#term()
      return attributes => !negated(attributes)
    }
    if (this.#takeSymbol('(')) {
      const inner = this.expression()
      this.#expectSymbol(')')
      return inner
    }
    if (this.#takeWord('hasPrefix')) return this.#prefix()
    return this.#comparison()
  }

  #prefix(): AttributeFilter {
    this.#expectSymbol('(')
    this.#expectAttributes()
    this.#expectSymbol('.')
    const key = this.#key()
    this.#expectSymbol(',')
    const prefix = this.#literal()
    this.#expectSymbol(')')
    return attributes => attributeValue(attributes, key)?.startsWith(prefix) ?? false
  }

  #comparison(): AttributeFilter {
    this.#expectAttributes()
    if (this.#takeSymbol(':')) {
      const present = this.#key()
      return attributes => attributeValue(attributes, present) !== undefined
    }
    this.#expectSymbol('.')
    const key = this.#key()
    const differs = this.#takeSymbol('!=')
    if (!differs) this.#expectSymbol('=')
    const value = this.#literal()
    // A message without the attribute differs from every value.
    return attributes => (attributeValue(attributes, key) === value) !== differs
  }

  #expectAttributes(): void {
    if (!this.#takeWord('attributes')) throw this.#unreadable('a condition starts with attributes, hasPrefix, NOT or (')
  }

  #key(): string {
    const token = this.#tokens[this.#next++]
    if (token && token.kind !== 'symbol') return token.text
    throw this.#unreadable('an attribute key is missing')
  }

  #literal(): string {
    const token = this.#tokens[this.#next++]
    if (token?.kind === 'literal') return token.text
    throw this.#unreadable('a value must be a text in double quotes')
  }

  #peekWord(...words: readonly string[]): string | undefined {
    const token = this.#tokens[this.#next]
    return token?.kind === 'word' && words.includes(token.text) ? token.text : undefined
  }

  #takeWord(word: string): boolean {
    if (!this.#peekWord(word)) return false
    this.#next += 1
    return true
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#next]
    if (token?.kind !== 'symbol' || token.text !== symbol) return false
    this.#next += 1
    return true
  }

  #expectSymbol(symbol: string): void {
    if (!this.#takeSymbol(symbol)) throw this.#unreadable(`"${symbol}" is missing`)
  }

  #tokenize(): Token[] {
    const tokens: Token[] = []
    const pattern = new RegExp(TOKEN)
    const source = this.#source.trimEnd()
    while (pattern.lastIndex < source.length) {
      const at = pattern.lastIndex
      const groups = pattern.exec(source)?.groups
      if (!groups) throw this.#unreadable(`nothing known at "${source.slice(at)}"`)
      const { literal, word, symbol = '' } = groups
      if (literal !== undefined) tokens.push({ kind: 'literal', text: this.#unquote(literal) })
      else if (word !== undefined) tokens.push({ kind: 'word', text: word })
      else tokens.push({ kind: 'symbol', text: symbol })
    }
    return tokens
  }

  #unquote(literal: string): string {
    try {
      return String(JSON.parse(literal))
    } catch {
      throw this.#unreadable(`the escape in ${literal} is not supported here`)
    }
  }

  #unreadable(why: string): Error {
    return invalidArgument(`Cannot read the filter ${JSON.stringify(this.#source)}: ${why}`)
  }
}

function attributeValue(attributes: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(attributes, key) ? attributes[key] : undefined
}
