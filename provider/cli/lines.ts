/** One line of a stream of JSON objects. */
export interface JsonLine {
  /** 1-based */
  line: number;
  value?: unknown;
  /** why it has no value */
  error?: string;
}

const most = 64 * 1024 * 1024;

/** The lines of a stream, without their ends. No more than one chunk is held besides the line at hand. */
async function* lines(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      length = 0;
      start = end + 1;
    }
    // What is longer than any line may be is not kept: one byte more than the limit tells.
    if (length <= most) parts.push(chunk.subarray(start));
    length += chunk.length - start;
  }
  if (length > 0) yield Buffer.concat(parts);
}

function parsed(bytes: Buffer): Omit<JsonLine, "line"> {
  if (bytes.length > most) return { error: "more than 64 MiB in a line" };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown };
  } catch (error) {
    return { error: error instanceof SyntaxError ? `not JSON: ${error.message}` : "not UTF-8" };
  }
}

const blank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 32 || byte === 9 || byte === 13);

/** JSON Lines: one value a line, empty lines left out. It reads no faster than its results are taken. */
export async function* jsonLines(input: AsyncIterable<Buffer>): AsyncGenerator<JsonLine> {
  let line = 0;
  for await (const bytes of lines(input)) {
    line++;
    if (!blank(bytes)) yield { line, ...parsed(bytes) };
  }
}
