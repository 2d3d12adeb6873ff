/**
 * MurmurHash3, x64 variant, 128 bits, seed 0: places a partition key on the ring of effective partition keys.
 * The client computes the same hash for hierarchical keys, so this must be the real one.
 *
 * Source: Austin Appleby, https://github.com/aappleby/smhasher/wiki/MurmurHash3 (public domain algorithm).
 */
const c1 = 0x87c37b91114253d5n
const c2 = 0x4cf5ad432745937fn
const blockBytes = 16

/** The two halves of the hash, each an unsigned 64-bit number. */
export function murmur3(bytes: Uint8Array): readonly [bigint, bigint] {
  let h1 = 0n
  let h2 = 0n
  const blocksEnd = bytes.length - (bytes.length % blockBytes)
  for (let at = 0; at < blocksEnd; at += blockBytes) {
    h1 ^= mixFirst(littleEndian(bytes, at, at + 8))
    h1 = unsigned(unsigned(rotateLeft(h1, 27n) + h2) * 5n + 0x52dce729n)
    h2 ^= mixSecond(littleEndian(bytes, at + 8, at + blockBytes))
    h2 = unsigned(unsigned(rotateLeft(h2, 31n) + h1) * 5n + 0x38495ab5n)
  }
  h1 ^= mixFirst(littleEndian(bytes, blocksEnd, Math.min(blocksEnd + 8, bytes.length)))
  h2 ^= mixSecond(littleEndian(bytes, blocksEnd + 8, bytes.length))
  return finish(h1 ^ BigInt(bytes.length), h2 ^ BigInt(bytes.length))
}

function finish(first: bigint, second: bigint): readonly [bigint, bigint] {
  let h1 = unsigned(first + second)
  let h2 = unsigned(second + h1)
  h1 = avalanche(h1)
  h2 = avalanche(h2)
  h1 = unsigned(h1 + h2)
  h2 = unsigned(h2 + h1)
  return [h1, h2]
}

function mixFirst(block: bigint): bigint {
  return unsigned(rotateLeft(unsigned(block * c1), 31n) * c2)
}

function mixSecond(block: bigint): bigint {
  return unsigned(rotateLeft(unsigned(block * c2), 33n) * c1)
}

function avalanche(hash: bigint): bigint {
  let h = hash ^ (hash >> 33n)
  h = unsigned(h * 0xff51afd7ed558ccdn)
  h ^= h >> 33n
  h = unsigned(h * 0xc4ceb9fe1a85ec53n)
  return h ^ (h >> 33n)
}

function littleEndian(bytes: Uint8Array, from: number, to: number): bigint {
  let value = 0n
  for (let at = to - 1; at >= from; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0)
  return value
}

function rotateLeft(value: bigint, bits: bigint): bigint {
  return unsigned(value << bits) | (value >> (64n - bits))
}

function unsigned(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}
