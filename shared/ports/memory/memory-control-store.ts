/** What steers a site, in memory. */
import type { ControlStore } from '../index.ts'

export function createMemoryControlStore(): ControlStore {
  const texts = new Map<string, string>()
  return {
    read: async name => texts.get(name),
    write: async (name, text) => void texts.set(name, text),
  }
}
