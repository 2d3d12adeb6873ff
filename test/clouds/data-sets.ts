/**
 * Documents that no one here wrote: data sets of `vega-datasets`, each a file that `tributary load` takes, and what
 * must be found afterwards, read without any code of the loader.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import type { Item, Value } from '../../tools/local/official-clients/application-client.ts'

/** `wholes` merges as a register, `parts` field by field. */
export type SetType = 'wholes' | 'parts'

export interface DataSet {
  readonly file: string
  readonly type: SetType
  readonly site: string
  /** What `load` is told beside the file. */
  readonly options: readonly string[]
  /** Every document by its key. */
  readonly documents: ReadonlyMap<string, Item>
}

const folder = join(projectRoot, 'node_modules/vega-datasets/data')

/** One in `oneIn` documents of each set: 1 is about 10,000. */
export async function dataSets(temporary: string, oneIn: number): Promise<readonly DataSet[]> {
  const thinned = (rows: readonly Item[]) => rows.filter((_, index) => index % oneIn === 0)
  const json = async (name: string, most = Number.POSITIVE_INFINITY) =>
    thinned(rowsOf(JSON.parse(await readFile(join(folder, name), 'utf8'))).slice(0, most))
  const write = async (name: string, text: string) => {
    const path = join(temporary, name)
    await writeFile(path, text)
    return path
  }
  const numbered = async (name: string, type: SetType, site: string, most?: number): Promise<DataSet> => {
    const rows = await json(name, most)
    const prefix = name.replace('.json', '')
    return {
      file: await write(name, JSON.stringify(rows)),
      type,
      site,
      options: ['--key', `name=${prefix} {#}`],
      documents: new Map(rows.map((row, index) => [`${prefix} ${index + 1}`, row])),
    }
  }
  const earthquakes = async (): Promise<DataSet> => {
    const rows = await json('earthquakes.json')
    return {
      file: await write('earthquakes.ndjson', rows.map(row => JSON.stringify(row)).join('\n')),
      type: 'parts',
      site: 'gcp-us-central1',
      // The set's own ids.
      options: ['--key', 'name=id'],
      documents: new Map(rows.map(({ id, ...row }) => [String(id), row])),
    }
  }
  const airports = async (most: number): Promise<DataSet> => {
    const [head = '', ...lines] = (await readFile(join(folder, 'airports.csv'), 'utf8')).trim().split(/\r?\n/)
    const kept = lines.slice(0, most).filter((_, index) => index % oneIn === 0)
    const text = [head, ...kept].join('\n')
    const rows: readonly Record<string, string>[] = parse(text, { columns: true })
    return {
      file: await write('airports.csv', text),
      type: 'wholes',
      site: 'azure-eastus',
      options: ['--key', 'name=airport {iata}', '--types', 'latitude=number'],
      documents: new Map(rows.map(row => [`airport ${row.iata}`, { ...row, latitude: Number(row.latitude) }])),
    }
  }
  return Promise.all([
    // Titles that are numbers, null nearly everywhere, numbers and texts in one column.
    numbered('movies.json', 'wholes', 'aws-us-east-1'),
    // Names of teams in every script of Europe.
    numbered('football.json', 'parts', 'azure-eastus', 1500),
    // Two hundred fields, named 1962 and so on, with numbers as texts.
    numbered('budget.json', 'parts', 'aws-us-east-1'),
    // Fields that are missing, and fields that are null.
    numbered('cars.json', 'wholes', 'gcp-us-central1'),
    numbered('countries.json', 'parts', 'gcp-us-central1'),
    // Field names with blanks and parentheses.
    numbered('penguins.json', 'wholes', 'azure-eastus'),
    // GeoJSON: objects and arrays inside each other.
    earthquakes(),
    // Codes and longitudes as texts, latitudes as numbers.
    airports(2500),
  ])
}

/** An array of objects, or GeoJSON's collection of them. */
function rowsOf(file: Value): readonly Item[] {
  const rows = Array.isArray(file) ? file : (file as { readonly features: readonly Item[] }).features
  return rows
}
