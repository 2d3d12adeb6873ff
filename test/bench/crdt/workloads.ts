/** The documents that the replicas begin with, and 20 edits of each replica, from a seed: every system is given the same. */
import { Random } from '../../simulation/random.ts'
import { type Cart, type CartEdit, type Profile, type ProfileEdit, replicas } from './system.ts'

const editsOfEach = 20

const words = 'amber basil cedar delta ember fjord grove heath inlet jetty kelp larch maple north olive pearl'.split(
  ' ',
)

function text(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.pick(words)).join(' ')
}

const skus = Array.from({ length: 20 }, (_, number) => `sku-${1000 + 37 * number}`)

export const cart: Cart = {
  currency: 'EUR',
  items: Object.fromEntries(
    skus.slice(0, 10).map((sku, number) => [sku, { quantity: 1 + (number % 4), note: text(new Random(number), 4) }]),
  ),
}

/** Half of them change a quantity, the others put, note and remove; replicas meet at the same twenty articles. */
export function cartEdits(seed: number): readonly (readonly CartEdit[])[] {
  const random = new Random(seed)
  return replicas.map(() => {
    const held = new Set(Object.keys(cart.items))
    return Array.from({ length: editsOfEach }, () => cartEdit(random, held))
  })
}

/** `held`: what its writer sees in the cart, kept up. */
function cartEdit(random: Random, held: Set<string>): CartEdit {
  const chance = random.next()
  const missing = skus.filter(sku => !held.has(sku))
  if (held.size < 3 || (chance < 0.2 && missing.length > 0)) {
    const sku = random.pick(missing)
    held.add(sku)
    return { kind: 'put', sku, line: { quantity: random.between(1, 5), note: text(random, 4) } }
  }
  const sku = random.pick([...held])
  if (chance < 0.7) return { kind: 'add', sku, amount: random.between(1, 5) }
  if (chance < 0.87) return { kind: 'note', sku, note: text(random, 4) }
  held.delete(sku)
  return { kind: 'remove', sku }
}

export const profile: Profile = {
  name: { first: 'Ada', last: 'Lovelace', title: 'Countess' },
  email: 'ada@example.com',
  phone: '+44 20 7946 0000',
  born: 1815,
  address: {
    street: '12 St James Square',
    city: 'London',
    postcode: 'SW1Y 4JH',
    country: 'GB',
    geo: { latitude: 51.5072, longitude: -0.1354 },
  },
  preferences: {
    language: 'en',
    newsletter: true,
    theme: 'dark',
    notify: { email: true, text: false, push: true, quiet_from: 22, quiet_to: 7 },
  },
}

const profilePaths: readonly (readonly string[])[] = [
  ['email'],
  ['phone'],
  ['nickname'],
  ['name', 'first'],
  ['name', 'last'],
  ['name', 'title'],
  ['name', 'middle'],
  ['address', 'street'],
  ['address', 'city'],
  ['address', 'postcode'],
  ['address', 'unit'],
  ['address', 'geo', 'latitude'],
  ['address', 'geo', 'longitude'],
  ['preferences', 'language'],
  ['preferences', 'theme'],
  ['preferences', 'newsletter'],
  ['preferences', 'notify', 'email'],
  ['preferences', 'notify', 'push'],
  ['preferences', 'notify', 'quiet_from'],
  ['preferences', 'notify', 'quiet_to'],
]

/** Nine of ten write a field, the others take one away. */
export function profileEdits(seed: number): readonly (readonly ProfileEdit[])[] {
  const random = new Random(seed)
  return replicas.map(() =>
    Array.from({ length: editsOfEach }, () => {
      const path = random.pick(profilePaths)
      if (random.chance(0.1)) return { path, value: undefined }
      const value = random.chance(0.6)
        ? text(random, 2)
        : random.chance(0.5)
          ? random.between(0, 1000)
          : random.chance(0.5)
      return { path, value }
    }),
  )
}
