/** Text that hardly compresses: every printable character of ASCII as likely as any other. The same for the same seed. */
import { Random } from './simulation/random.ts'

/** `length` characters, each of them one byte. */
export function randomText(length: number, seed = 1): string {
  const random = new Random(seed)
  const bytes = Buffer.alloc(length)
  for (let index = 0; index < length; index++) bytes[index] = random.between(0x20, 0x7e)
  return bytes.toString()
}
