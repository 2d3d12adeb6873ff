/** What the help and the pages tell one to type is what the command line takes: an option of another name is an error there. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { pauseMsMax } from '../../shared/replicate/flow-settings.ts'
import { messageAgeMaxMs } from '../../shared/replicate/message-age.ts'
import { createProgram } from '../../tools/cli/program.ts'

const program = createProgram()

/** Those that do something, without the ones that only group others. */
function leavesOf(command: Command, path: readonly string[] = []): readonly (readonly [string, Command])[] {
  const under = command.commands.flatMap(each => leavesOf(each, [...path, each.name()]))
  return under.length > 0 ? under : [[path.join(' '), command]]
}

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut(part) {
      text += part
    },
  })
  command.outputHelp()
  return text
}

const leaves = leavesOf(program)

/** Every `npx tributary ...` that a text tells one to type; quoted parts stand for one word. */
function toldIn(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/npx tributary ([^\n`|)#&]+)/g)].map(([, words = '']) =>
    words
      .replaceAll(/'[^']*'|"[^"]*"/g, 'text')
      .trim()
      .split(/\s+/),
  )
}

/** What the command line would say to it; undefined: nothing. */
function faultIn(words: readonly string[]): string | undefined {
  let command = program
  for (const word of words) {
    const next = command.commands.find(each => each.name() === word)
    if (!next) break
    command = next
  }
  if (command === program) return `no command ${words[0]}`
  const known = command.options.flatMap(({ long, short }) => [long, short])
  const unknown = words.find(word => /^--?[a-z]/.test(word) && !known.includes(word.replace(/[=,.;:].*$/, '')))
  return unknown && `${command.name()} has no ${unknown}`
}

describe.each(leaves)('tributary %s', (name, command) => {
  it('has examples, and they are right', () => {
    const help = helpOf(command)
    expect(help).toMatch(/\nExamples?:\n {2}\S/)
    const [, examples = ''] = help.split(/\nExamples?:\n/)
    expect(toldIn(examples).flatMap(words => faultIn(words) ?? [])).toEqual([])
  })

  // The tour shows something; it has an exit code for programs.
  it.skipIf(name === 'tour')('prints JSON on request', () => {
    expect(command.options.map(({ long }) => long)).toContain('--json')
  })
})

const root = new URL('../../', import.meta.url)
const pages = ['README.md', ...readdirSync(new URL('docs', root)).map(name => `docs/${name}`)]

it.each(pages)('%s tells of commands and options that there are', page => {
  const told = toldIn(readFileSync(new URL(page, root), 'utf8'))
  expect(told.flatMap(words => faultIn(words) ?? [])).toEqual([])
})

it('a pause ends before a bus would lose what waits, whatever is asked for', () => {
  const [, pause] = leaves.find(([name]) => name === 'pause') ?? []
  const option = pause?.options.find(({ long }) => long === '--for')
  expect(option?.parseArg?.('6d', undefined)).toBe(pauseMsMax)
  expect(() => option?.parseArg?.('7d', undefined)).toThrow('at most 6d')
  expect(option?.defaultValue).toBe(86_400_000)
  expect(pauseMsMax).toBeLessThan(messageAgeMaxMs)
})
