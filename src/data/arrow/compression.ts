/** Arrow's compressed buffers: frames of LZ4 and ZSTD. */
import { CompressionType, setCompressionCodec } from '@uwdata/flechette';
import { decompressLz4Frame, decompressZstandard } from '../decompression.ts';

/** Lets flechette read compressed files. */
export function registerCodecs(): void {
  const encode = () => {
    throw new Error('nothing is compressed here');
  };
  setCompressionCodec(CompressionType.LZ4_FRAME, { decode: checked(decompressLz4Frame), encode });
  setCompressionCodec(CompressionType.ZSTD, { decode: checked(decompressZstandard), encode });
}

type Decompress = (bytes: Uint8Array, length: number) => Uint8Array;

/** @throws Error unless the result has the length that the file says */
function checked(decompress: Decompress): Decompress {
  return (bytes, length) => {
    const plain = decompress(bytes, length);
    if (plain.length !== length) {
      throw new Error(`a buffer of ${plain.length} bytes, expected ${length}`);
    }
    // Numbers are read at multiples of their size.
    return plain.byteOffset % 8 === 0 ? plain : plain.slice();
  };
}
