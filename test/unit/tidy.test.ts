/**
 * How the project is built up, checked where no compiler does (TigerBeetle's tidy.zig): which way imports go, what the
 * shared code may not touch, and that nothing lies about unused.
 */
import { describe, expect, it } from 'vitest'
import { functionNames } from '../../tools/build/bundle-functions.ts'
import { codeOf, importedFile, type SourceFile, sources } from './sources.ts'

const clouds = ['aws', 'gcp', 'azure']
const shared = sources('shared')
const functions = sources('functions')
const product = [...shared, ...functions, ...sources('infra', 'tools', 'sync.config.ts')]
const everything = [...product, ...sources('test', 'vitest.config.ts')]

/** What the files of a folder may import beside their own folder: folders and files. */
const directions: Readonly<Record<string, readonly string[]>> = {
  'shared/document': [],
  'shared/causality': ['shared/document'],
  'shared/declare': ['shared/document'],
  'shared/resolve': [
    'shared/document',
    'shared/causality',
    'shared/declare/merge-descriptor.ts',
    'shared/declare/feed-descriptor.ts',
    'shared/declare/resolver.ts',
  ],
  'shared/ports': ['shared/document', 'shared/causality', 'shared/replicate'],
  'shared/replicate': ['shared/document', 'shared/causality', 'shared/declare', 'shared/resolve', 'shared/ports'],
  'shared/place': ['shared/declare', 'shared/replicate/record-ref.ts', 'shared/ports/errors.ts'],
  'shared/wire': ['shared/document', 'shared/causality', 'shared/declare', 'shared/replicate', 'shared/ports'],
  'functions/common': ['shared', 'sync.config.ts'],
  ...Object.fromEntries(
    clouds.map(cloud => [`functions/${cloud}`, ['shared', 'functions/common', 'sync.config.ts']] as const),
  ),
  infra: ['shared/declare', 'sync.config.ts', 'tools/build/bundle-functions.ts'],
  'sync.config.ts': ['shared/declare'],
}

const isIn = (place: string) => (path: string) => path === place || path.startsWith(`${place}/`)

function filesImportedBy(file: SourceFile): readonly string[] {
  return file.imports.flatMap(name => importedFile(file, name) ?? [])
}

/** `path: what is wrong` for every file that `faultsOf` finds something in. */
function faults(files: readonly SourceFile[], faultsOf: (file: SourceFile) => readonly string[]): readonly string[] {
  return files.flatMap(file => faultsOf(file).map(fault => `${file.path}: ${fault}`))
}

describe('imports', () => {
  it('go one way: document, causality, resolve, replicate, wire, functions; infra sees the declaration', () => {
    const placed = product.filter(({ path }) => !path.startsWith('tools/'))
    const wrong = faults(placed, file => {
      const place = Object.keys(directions).find(candidate => isIn(candidate)(file.path))
      if (place === undefined) return ['is in no folder with a direction']
      const allowed = [place, ...(directions[place] ?? [])]
      return filesImportedBy(file).filter(imported => !allowed.some(folder => isIn(folder)(imported)))
    })
    expect(wrong).toEqual([])
  })

  it('lead to files that are there', () => {
    const paths = new Set(everything.map(({ path }) => path))
    const missing = faults(product, file =>
      filesImportedBy(file).filter(imported => imported.endsWith('.ts') && !paths.has(imported)),
    )
    expect(missing).toEqual([])
  })

  it('of values never go round in a circle', () => {
    const values = new Map(
      shared.map(file => {
        const text = file.text.replaceAll(/(?:import|export) type (?:\{[^}]*\}|\*|\w+) from '[^']+'/g, '')
        const names = [...text.matchAll(/ from '([^']+)'/g)].flatMap(([, name]) => name ?? [])
        return [file.path, names.flatMap(name => importedFile(file, name) ?? [])] as const
      }),
    )
    const reaches = (from: string, seen = new Set<string>()): ReadonlySet<string> => {
      for (const next of values.get(from) ?? []) if (!seen.has(next)) reaches(next, seen.add(next))
      return seen
    }
    expect([...values.keys()].filter(path => reaches(path).has(path))).toEqual([])
  })

  it('of shared code are small libraries and what computes, never a cloud or the machine', () => {
    const allowed = [
      'zod',
      'zod/mini',
      'zod/v4/locales',
      'big.js',
      'fast-diff',
      'jose',
      'ot-text-unicode',
      'node:crypto',
      'node:util',
      'node:vm',
      'node:zlib',
    ]
    const wrong = faults(shared, file => file.imports.filter(name => !name.startsWith('.') && !allowed.includes(name)))
    expect(wrong).toEqual([])
  })

  it('of what is bundled are never the whole of zod', () => {
    const bundled = [...shared.filter(({ path }) => !isIn('shared/declare')(path)), ...functions]
    expect(faults(bundled, file => file.imports.filter(name => name === 'zod'))).toEqual([])
  })

  it('of functions are never tools or tests', () => {
    const wrong = faults(functions, file => filesImportedBy(file).filter(path => /^(tools|test)\//.test(path)))
    expect(wrong).toEqual([])
  })
})

describe('shared code', () => {
  it('gets time, chance and settings handed in, and prints nothing', () => {
    const banned = [
      /\bDate\.now\b/,
      /\bnew Date\(\s*\)/,
      /\bMath\.random\b/,
      /\bprocess\b/,
      /\bset(?:Timeout|Interval|Immediate)\b/,
      /\bconsole\b/,
      /\bperformance\.now\b/,
      /\brandomUUID\b/,
    ]
    const wrong = faults(shared, file => banned.flatMap(pattern => codeOf(file).match(pattern)?.[0] ?? []))
    expect(wrong).toEqual([])
  })
})

describe('merge types', () => {
  const resolve = shared.filter(({ path }) => isIn('shared/resolve')(path))
  const table = resolve.filter(({ path }) => path.endsWith('/merge-type-of.ts'))
  const kindsIn = (files: readonly SourceFile[]) =>
    new Set(files.flatMap(({ text }) => [...text.matchAll(/kind: '(\w+)'/g)].map(([, kind]) => kind)))

  it('are all in the one table, or help one that is', () => {
    const known = new Set(table.flatMap(filesImportedBy))
    for (const path of known) {
      const file = resolve.find(candidate => candidate.path === path)
      for (const imported of file ? filesImportedBy(file) : []) known.add(imported)
    }
    const types = resolve.filter(({ text }) => /\): MergeType<|: MergeType<\w+> = \{/.test(text))
    expect(types.length).toBeGreaterThanOrEqual(4)
    expect(types.map(({ path }) => path).filter(path => !known.has(path))).toEqual([])
  })

  it('all pass the laws', () => {
    const declared = kindsIn(shared.filter(({ path }) => path.endsWith('-descriptor.ts')))
    const laws = sources('test/laws').filter(({ path }) => path.endsWith('.test.ts'))
    const lawful = [...declared].filter(kind => laws.some(({ text }) => text.includes(`${kind}(`)))
    expect(declared.size).toBeGreaterThanOrEqual(4)
    expect(lawful).toEqual([...declared])
  })
})

describe('every file', () => {
  it('of shared code and functions is used by the product, or is a function of a cloud', () => {
    const entries = clouds.flatMap(cloud => functionNames.map(name => `functions/${cloud}/${name}.ts`))
    const used = new Set([...entries, ...product.flatMap(filesImportedBy)])
    // The memory adapters stand in for a cloud in tests.
    const usedByTests = new Set(everything.flatMap(filesImportedBy).filter(isIn('shared/ports/memory')))
    const dead = [...shared, ...functions]
      .map(({ path }) => path)
      .filter(path => !used.has(path) && !usedByTests.has(path))
    expect(dead).toEqual([])
  })

  it('of shared code exports no function or constant that nothing uses', () => {
    const words = new Map<string, number>()
    for (const { text } of product) {
      for (const [word] of text.matchAll(/\b\w+\b/g)) words.set(word, (words.get(word) ?? 0) + 1)
    }
    const lasting = shared.filter(({ path }) => !isIn('shared/ports/memory')(path))
    const unused = faults(lasting, ({ text }) =>
      [...text.matchAll(/^export (?:async )?(?:function|const) (\w+)/gm)].flatMap(([, name]) =>
        name !== undefined && words.get(name) === 1 ? [name] : [],
      ),
    )
    expect(unused).toEqual([])
  })

  it('exports no value that no other file asks for', () => {
    const words = new Map(everything.map(({ path, text }) => [path, new Set(text.match(/\w+/g))]))
    // It stands for a module of the host's, whole.
    const exporting = everything.filter(({ path }) => path !== 'tools/local/azure/functions-core.ts')
    const unused = faults(exporting, ({ path, text }) =>
      [...text.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)].flatMap(([, name = '']) =>
        [...words].some(([other, known]) => other !== path && known.has(name)) ? [] : [name],
      ),
    )
    expect(unused).toEqual([])
  })

  it('of shared code and functions is short enough to be read at once', () => {
    const long = faults([...shared, ...functions], ({ text }) => {
      const lines = text.split('\n').length - 1
      return lines > 400 ? [`${lines} lines`] : []
    })
    expect(long).toEqual([])
  })

  it('says what its types are, and silences no check', () => {
    const isComment = (line: string) => /^\s*(\*|\/\/|\/\*)/.test(line)
    const wrong = faults(product, ({ text }) => {
      const code = text
        .split('\n')
        .filter(line => !isComment(line))
        .join('\n')
      const untyped = code.match(/(?:[:<|&]|=>|\bas)\s*any\b|\bany(?:\[\]|>)/g) ?? []
      return [...untyped, ...(text.match(/@ts-(?:ignore|expect-error|nocheck)|biome-ignore/g) ?? [])]
    })
    expect(wrong).toEqual([])
  })

  it('that listens does so on this machine only', () => {
    const everywhere = ['0', '0', '0', '0'].join('.')
    expect(faults(everything, file => (codeOf(file).includes(everywhere) ? [everywhere] : []))).toEqual([])
  })
})
