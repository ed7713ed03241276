/** Bytes of a slab, and of the largest message that shares one. */
const SLAB = 65_536;
const LARGEST = 8192;
/** Copies begin at multiples of this, so that readers can look at numbers where they lie. */
const ALIGNMENT = 8;

/**
 * Copies of messages. Small ones lie side by side in slabs: an `ArrayBuffer` for each costs more than all else that a
 * message does. Nobody else gets the same bytes; the slab goes when its last message goes.
 */
export class Copies {
  private slab = newSlab();
  private used = 0;

  of(data: Uint8Array): Uint8Array {
    const { length } = data;
    if (length > LARGEST) return new Uint8Array(data);
    if (this.used + length > SLAB) {
      this.slab = newSlab();
      this.used = 0;
    }
    const copy = new Uint8Array(this.slab, this.used, length);
    copy.set(data);
    this.used = (this.used + length + ALIGNMENT - 1) & -ALIGNMENT;
    return copy;
  }
}

/** Not filled with zeros, which would take longer than the copying: every byte is written before it is shown. */
function newSlab(): ArrayBuffer {
  return Buffer.allocUnsafeSlow(SLAB).buffer;
}
