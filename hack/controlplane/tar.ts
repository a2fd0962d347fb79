import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

const blockSize = 512

/**
 * Writes the regular file `name` of a tar archive to `target`. Reads the plain ustar form, which is what the
 * published archives are in. Returns false when there is no such file.
 */
export async function extractFile(
  archive: AsyncIterable<Buffer>,
  name: string,
  target: string,
): Promise<boolean> {
  const reader = new BlockReader(archive)
  for (;;) {
    const header = await reader.read(blockSize)
    if (header.length < blockSize || header[0] === 0) return false
    const text = (start: number, length: number): string =>
      header.toString('utf8', start, start + length).replace(/\0.*$/s, '')
    const prefix = text(345, 155)
    const path = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`
    const size = Number.parseInt(text(124, 12), 8)
    const padding = (blockSize - (size % blockSize)) % blockSize
    const regular = header[156] === 0x30 || header[156] === 0
    if (path !== name || !regular) {
      for await (const _ of reader.take(size + padding));
      continue
    }
    await pipeline(reader.take(size), createWriteStream(target))
    return true
  }
}

/** Takes bytes off a stream in the pieces that are asked for. */
class BlockReader {
  readonly #source: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Fewer than `length` bytes only at the end. */
  async read(length: number): Promise<Buffer> {
    const chunks: Buffer[] = []
    let left = length
    while (left > 0) {
      const chunk = await this.#next(left)
      if (!chunk) break
      chunks.push(chunk)
      left -= chunk.length
    }
    return Buffer.concat(chunks)
  }

  /** The next `length` bytes; throws when the archive ends before. */
  async *take(length: number): AsyncGenerator<Buffer> {
    let left = length
    while (left > 0) {
      const chunk = await this.#next(left)
      if (!chunk) throw new Error('the archive ends in the middle of a file')
      left -= chunk.length
      yield chunk
    }
  }

  async #next(atMost: number): Promise<Buffer | undefined> {
    if (this.#rest.length === 0) {
      const next = await this.#source.next()
      if (next.done) return undefined
      this.#rest = next.value
    }
    const chunk = this.#rest.subarray(0, atMost)
    this.#rest = this.#rest.subarray(chunk.length)
    return chunk
  }
}
