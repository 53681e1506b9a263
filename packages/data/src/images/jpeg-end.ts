/**
 * Whether a JPEG file has an end. Where a file system has put zeros in its place, a decoder may take them for more of the
 * picture and see nothing wrong.
 */

const scan = 0xda;
const endMarker = Buffer.of(0xff, 0xd9);

export function hasEnd(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Segments before the picture may hold others, such as a thumbnail with an end of its own.
  let at = 2;
  while (at + 4 <= file.length && file[at] === 0xff && file[at + 1] !== scan)
    at += file[at + 1] === 0xff ? 1 : 2 + file.readUInt16BE(at + 2);
  return file.includes(endMarker, at);
}
