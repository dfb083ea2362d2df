/** Reading and writing of SSH's binary format (RFC 4251): lengths of four bytes, big end first. */

export function field(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads one field after the other; a RangeError when there is none left. */
export class Reader {
  private at = 0;
  constructor(private readonly data: Buffer) {}

  bytes(length: number): Buffer {
    if (this.at + length > this.data.length) throw new RangeError("cut off");
    return this.data.subarray(this.at, (this.at += length));
  }
  uint32(): number {
    return this.bytes(4).readUInt32BE();
  }
  uint64(): bigint {
    return this.bytes(8).readBigUInt64BE();
  }
  string(): Buffer {
    return this.bytes(this.uint32());
  }
  /** how far it has come */
  get offset(): number {
    return this.at;
  }
  get done(): boolean {
    return this.at === this.data.length;
  }
}
