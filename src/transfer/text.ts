/** Counting line ends: by their number a text that travelled with other ones is known to be whole. */

const LF = 0x0a;

export function linesIn(chunk: Uint8Array): number {
  let lines = 0;
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) lines++;
  return lines;
}
