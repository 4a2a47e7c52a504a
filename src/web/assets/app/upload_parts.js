// The parts of an upload: where each begins and ends, and how long the next one is.

// A browser sends a request of which the line took the answer once more by itself, from its beginning: parts are short
// enough for that to cost little, and long enough for a good line not to wait.
export const MIN_PART_BYTES = 256 * 1024;
export const MAX_PART_BYTES = 8 * 1024 * 1024;
/** A part that took less may be longer the next time. */
const FAST_PART_MS = 4000;

/**
 * The part that begins at an offset; the last one ends with the file.
 *
 * @param {number} from
 * @param {number} length
 * @param {number} size of the file
 */
export function partAt(from, length, size) {
  const until = Math.min(from + length, size);
  return { from, until, last: until === size };
}

/**
 * How long the part after one that arrived may be.
 *
 * @param {number} length
 * @param {number} took in milliseconds
 */
export const nextLength = (length, took) => (took < FAST_PART_MS ? Math.min(2 * length, MAX_PART_BYTES) : length);

/**
 * How much has arrived, in whole percent.
 *
 * @param {number} sent
 * @param {number} size
 */
export const percent = (sent, size) => Math.floor((100 * sent) / size);
