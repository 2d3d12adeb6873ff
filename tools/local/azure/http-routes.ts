/**
 * Which function answers a request: the routes of a function app, matched as the host's router does for literal
 * segments, `{name}`, `{name?}` and a last `{*rest}`. Route constraints such as `{id:int}` are refused.
 */
import { z } from 'zod'
import type { FunctionMetadata } from './function-metadata.ts'

export interface HttpRoute {
  readonly fn: FunctionMetadata
  readonly methods: readonly string[]
  readonly segments: readonly Segment[]
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter' | 'optional' | 'rest'; readonly name: string }

export interface RouteMatch {
  readonly fn: FunctionMetadata
  readonly params: Readonly<Record<string, string>>
}

const httpTriggerSchema = z.object({
  route: z.string().optional(),
  methods: z.array(z.string().toUpperCase()).default(['GET', 'POST']),
})

/** The route of one function: what it declares, or its name, behind the prefix. */
export function httpRoute(fn: FunctionMetadata, routePrefix: string): HttpRoute {
  const { route = fn.name, methods } = httpTriggerSchema.parse(fn.trigger.settings)
  const segments = [...segmentsOf(routePrefix), ...segmentsOf(route)].map(text => parseSegment(fn.name, text))
  return { fn, methods, segments }
}

function parseSegment(functionName: string, text: string): Segment {
  if (!/[{}]/.test(text)) return { kind: 'literal', text: text.toLowerCase() }
  const [, star, name, mark] = /^\{(\*?)(\w+)(\??)\}$/.exec(text) ?? []
  if (!name) throw new Error(`function ${functionName}: the local host does not know the route segment ${text}`)
  return { kind: star ? 'rest' : mark ? 'optional' : 'parameter', name }
}

/** The most literal route that fits; undefined if none does, which the host answers with 404 (also for methods). */
export function matchRoute(routes: readonly HttpRoute[], method: string, path: string): RouteMatch | undefined {
  const parts = segmentsOf(path)
  const matches = routes
    .filter(route => route.methods.includes(method))
    .flatMap(route => {
      const params = matchSegments(route.segments, parts)
      return params
        ? [{ fn: route.fn, params, literals: route.segments.filter(({ kind }) => kind === 'literal').length }]
        : []
    })
  return matches.sort((a, b) => b.literals - a.literals)[0]
}

function matchSegments(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    const part = parts[index]
    if (segment.kind === 'rest')
      return { ...params, [segment.name]: parts.slice(index).map(decodeURIComponent).join('/') }
    if (segment.kind === 'literal') {
      if (part?.toLowerCase() !== segment.text) return undefined
    } else if (part !== undefined) {
      params[segment.name] = decodeURIComponent(part)
    } else if (segment.kind === 'parameter') {
      return undefined
    }
  }
  return parts.length <= segments.length ? params : undefined
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter(part => part !== '')
}
