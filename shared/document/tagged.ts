/**
 * What a document may hold that JSON has no value for: a *tagged value*, an object with exactly one field that is named
 * for the type. It is one value: compared, won or lost as a whole, never taken apart.
 *
 * Every value has one form here (numbers and dates canonical, sets in order), so equal values have equal texts and
 * hashes. An object that only resembles a tag (other fields beside it, another order, a date that is none) is an
 * ordinary object.
 *
 * A store that has the type holds the native value, and an application's own map that reads like the tag travels as
 * `{"$map": <that map>}`. A store that lacks the type holds the tag as it stands, and reads it back as the tag. So each
 * store's reading and writing are each other's inverse, and nothing is lost on the way through a store that lacks a type.
 */
import { type Document, isJsonObject, type Json } from './json.ts'
import {
  compareDecimals,
  isDecimal38,
  isNumberTagText,
  numberFromDouble,
  numberFromText,
  textOfNumber,
} from './portable-number.ts'
import { isTimestamp } from './portable-timestamp.ts'

/** What a tagged value says; texts of numbers are canonical decimals, bytes are Base64. */
export type Tagged =
  | { readonly tag: '$number'; readonly text: string }
  | { readonly tag: '$bytes'; readonly base64: string }
  | { readonly tag: '$set'; readonly texts: readonly string[] }
  | { readonly tag: '$numberSet'; readonly texts: readonly string[] }
  | { readonly tag: '$bytesSet'; readonly texts: readonly string[] }
  | { readonly tag: '$timestamp'; readonly text: string }
  | { readonly tag: '$geopoint'; readonly latitude: number; readonly longitude: number }
  | { readonly tag: '$reference'; readonly path: string }
  | { readonly tag: '$vector'; readonly values: readonly number[] }

/** How a type is called in an error. */
const kinds: Readonly<Record<string, string>> = {
  $number: 'a number beyond JSON',
  $bytes: 'bytes',
  $set: 'a string set',
  $numberSet: 'a number set',
  $bytesSet: 'a binary set',
  $timestamp: 'a timestamp',
  $geopoint: 'a geographical point',
  $reference: 'a reference',
  $vector: 'a vector',
  $map: 'a map that reads like a tagged value',
} satisfies Record<Tagged['tag'] | '$map', string>

/** Undefined: an ordinary value. */
export function taggedIn(value: Json | undefined): Tagged | undefined {
  const name = isJsonObject(value) ? onlyName(value) : undefined
  return name === undefined || !isJsonObject(value) ? undefined : read(name, value[name])
}

/** What a field by this name would be taken for if it stood alone; undefined: it has no such name. */
export function tagKind(name: string): string | undefined {
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined
}

/** Does a store have this type, and this value of it, of its own? */
export type IsNative = (tagged: Tagged) => boolean

/** The portable form of a map that a store holds, its fields portable already. */
export function mapAsHeld(map: Document, isNative: IsNative): Document {
  return readsOtherwise(map, isNative) ? { $map: map } : map
}

/** The inverse: what a store holds for a portable object is a native value, or a map with these fields. */
export function nativeOrMap(
  object: Document,
  isNative: IsNative,
): { readonly native: Tagged } | { readonly map: Document } {
  const tagged = taggedIn(object)
  if (tagged && isNative(tagged)) return { native: tagged }
  const inner = mapIn(object)
  return { map: inner && readsOtherwise(inner, isNative) ? inner : object }
}

/** To this store the object is no map with these fields: it is a native value, or another map in its `$map`. */
function readsOtherwise(object: Document, isNative: IsNative): boolean {
  const tagged = taggedIn(object)
  if (tagged) return isNative(tagged)
  const inner = mapIn(object)
  return inner !== undefined && readsOtherwise(inner, isNative)
}

/** The map in `{"$map": <map>}`. */
function mapIn(object: Document): Document | undefined {
  const inner = onlyName(object) === '$map' ? object.$map : undefined
  return isJsonObject(inner) ? inner : undefined
}

export function bytesTag(bytes: Uint8Array): Document {
  return { $bytes: base64Of(bytes) }
}

export function setTag(texts: readonly string[]): Document {
  return { $set: [...texts].sort() }
}

/** Of decimals in any notation. */
export function numberSetTag(texts: readonly string[]): Document {
  const numbers = texts.flatMap(text => numberFromText(text) ?? [])
  const order = (a: Json, b: Json) => compareDecimals(textOfNumber(a) ?? '0', textOfNumber(b) ?? '0')
  return { $numberSet: numbers.sort(order) }
}

export function bytesSetTag(elements: readonly Uint8Array[]): Document {
  return { $bytesSet: elements.map(base64Of).sort() }
}

export function geopointTag(latitude: number, longitude: number): Document {
  return { $geopoint: [numberFromDouble(latitude), numberFromDouble(longitude)] }
}

export function vectorTag(values: readonly number[]): Document {
  return { $vector: values.map(numberFromDouble) }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function onlyName(object: Document): string | undefined {
  let only: string | undefined
  for (const name in object) {
    if (only !== undefined || !name.startsWith('$')) return undefined
    only = name
  }
  return only
}

function read(tag: string, content: Json | undefined): Tagged | undefined {
  switch (tag) {
    case '$number':
      return typeof content === 'string' && isNumberTagText(content) ? { tag, text: content } : undefined
    case '$bytes':
      return typeof content === 'string' && isBase64(content) ? { tag, base64: content } : undefined
    case '$set':
      return elements(content, textOf, ascending, texts => ({ tag, texts }))
    case '$numberSet':
      return elements(content, decimalOf, compareDecimals, texts => ({ tag, texts }))
    case '$bytesSet':
      return elements(content, base64In, ascending, texts => ({ tag, texts }))
    case '$timestamp':
      return typeof content === 'string' && isTimestamp(content) ? { tag, text: content } : undefined
    case '$geopoint':
      return readGeopoint(content)
    case '$reference':
      return typeof content === 'string' && isDocumentPath(content) ? { tag, path: content } : undefined
    case '$vector':
      return readVector(content)
    default:
      return undefined
  }
}

/** Of a set: not empty, each element once, in the one order. */
function elements(
  content: Json | undefined,
  elementOf: (value: Json) => string | undefined,
  compare: (a: string, b: string) => number,
  tagged: (texts: readonly string[]) => Tagged,
): Tagged | undefined {
  if (!isArray(content) || content.length === 0) return undefined
  const texts: string[] = []
  for (const value of content) {
    const text = elementOf(value)
    const previous = texts.at(-1)
    if (text === undefined || (previous !== undefined && compare(previous, text) >= 0)) return undefined
    texts.push(text)
  }
  return tagged(texts)
}

function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function textOf(value: Json): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function decimalOf(value: Json): string | undefined {
  const text = textOfNumber(value)
  return text !== undefined && isDecimal38(text) ? text : undefined
}

function base64In(value: Json): string | undefined {
  return typeof value === 'string' && isBase64(value) ? value : undefined
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && Buffer.from(text, 'base64').toString('base64') === text
}

function readGeopoint(content: Json | undefined): Tagged | undefined {
  const [latitude, longitude, ...others] = doublesIn(content) ?? []
  if (latitude === undefined || longitude === undefined || others.length > 0) return undefined
  const isOnEarth = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
  return isOnEarth ? { tag: '$geopoint', latitude, longitude } : undefined
}

/** Firestore keeps up to 2048 dimensions (https://firebase.google.com/docs/firestore/vector-search). */
function readVector(content: Json | undefined): Tagged | undefined {
  const values = doublesIn(content)
  return values && values.length <= 2048 ? { tag: '$vector', values } : undefined
}

/** Portable numbers that are doubles; undefined where one is none. */
function doublesIn(content: Json | undefined): readonly number[] | undefined {
  if (!isArray(content)) return undefined
  const doubles = content.map(value => {
    const text = textOfNumber(value)
    return text === undefined ? undefined : doubleOf(value, text)
  })
  return doubles.some(double => double === undefined) ? undefined : doubles.filter(double => double !== undefined)
}

function doubleOf(value: Json, text: string): number | undefined {
  const double = typeof value === 'number' ? value : Number(text)
  // Exact only if it reads back as the same portable number.
  return textOfNumber(numberFromDouble(double)) === text ? double : undefined
}

/** `collection/document`, deeper ones too, of names that Firestore takes. */
function isDocumentPath(path: string): boolean {
  const names = path.split('/')
  return (
    names.length % 2 === 0 &&
    names.every(name => name !== '' && name.length <= 1500 && !/^(\.{1,2}|__.*__)$/s.test(name))
  )
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
