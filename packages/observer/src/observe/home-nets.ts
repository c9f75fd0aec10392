/** Which addresses are ours: a short list of prefixes, tested in order. Twin: `home_nets.h`. */

/**
 * One protected network: four big-endian words (IPv4 mapped) and the prefix length of the mapped
 * form, 0-128.
 */
export interface HomeNet {
  words: readonly [number, number, number, number];
  prefix: number;
}

export class HomeNets {
  /** Per net: four masked words, then four mask words. */
  private readonly rows: Int32Array;
  /** Of those that hold IPv4 addresses, what is to be compared of them: a masked word, its mask. */
  private readonly v4Rows: Int32Array;

  constructor(nets: readonly HomeNet[]) {
    this.rows = new Int32Array(nets.length * 8);
    nets.forEach((net, row) => {
      for (let word = 0; word < 4; word++) {
        const bits = Math.min(32, Math.max(0, net.prefix - word * 32));
        const mask = bits === 0 ? 0 : (-1 << (32 - bits)) | 0;
        this.rows[row * 8 + word] = net.words[word] & mask;
        this.rows[row * 8 + 4 + word] = mask;
      }
    });
    const v4: number[] = [];
    for (let at = 0; at < this.rows.length; at += 8) {
      const [w0, w1, w2, w3] = this.rows.subarray(at, at + 4);
      const holdsV4 = w0 === 0 && w1 === 0 && w2 === (0xffff & this.rows[at + 6]);
      if (holdsV4) v4.push(w3, this.rows[at + 7]);
    }
    this.v4Rows = Int32Array.from(v4);
  }

  contains(w0: number, w1: number, w2: number, w3: number): boolean {
    if (w2 === 0xffff && (w0 | w1) === 0) return this.containsV4(w3);
    const rows = this.rows;
    for (let at = 0; at < rows.length; at += 8) {
      if (
        (w3 & rows[at + 7]) === rows[at + 3] &&
        (w2 & rows[at + 6]) === rows[at + 2] &&
        (w1 & rows[at + 5]) === rows[at + 1] &&
        (w0 & rows[at + 4]) === rows[at]
      )
        return true;
    }
    return false;
  }

  private containsV4(word: number): boolean {
    const rows = this.v4Rows;
    for (let at = 0; at < rows.length; at += 2) {
      if ((word & rows[at + 1]) === rows[at]) return true;
    }
    return false;
  }
}
