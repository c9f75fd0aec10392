/** What came at one shard's targets in one epoch, of all its sources together. */
export interface Traffic {
  /** The epoch, microseconds of packet time. */
  epochStartUs: number;
  judgedUs: number;
  /** SYNs, and the connections that came of any. Without those of folded sources. */
  syns: number;
  connected: number;
  /** Packets of the epoch that came in, the shard's even share of them. */
  inbound: number;
  /** The protected side's answers pass a sensor. */
  answersVisible: boolean;
}
