/**
 * Signature ids of `alert` events: one per kind, from 9000001, never given to another kind later,
 * so that suppressions and dashboards stay right. Categories are Suricata's texts for its class
 * types (classification.config: network-scan, attempted-recon, attempted-dos, misc-activity).
 */
import type { Kind } from '../../packages/plugin-api/src/finding.js';

export interface Signature {
  id: number;
  signature: string;
  category: string;
}

const SCAN = 'Detection of a Network Scan';
const RECON = 'Attempted Information Leak';
const DOS = 'Attempted Denial of Service';
const MISC = 'Misc activity';

const signature = (id: number, text: string, category: string): Signature => ({
  id,
  signature: `PICKET ${text}`,
  category,
});

export const SIGNATURES: Record<Kind, Signature> = {
  address_scan: signature(9000001, 'address scan: one source reaches many hosts', SCAN),
  random_scan: signature(9000002, 'random scan: one source reaches many host and port pairs', SCAN),
  scanner_signature: signature(9000003, 'packets with the mark of a scanner', SCAN),
  distributed_address_scan: signature(9000004, 'address scan shared by several sources', SCAN),
  port_scan: signature(9000005, 'port scan: one source reaches many ports of one host', SCAN),
  distributed_port_scan: signature(9000006, 'port scan shared by several sources', SCAN),
  version_scan: signature(9000007, 'version scan of a service', RECON),
  script_scan: signature(9000008, 'script scan of a service', RECON),
  os_detection: signature(9000009, 'operating system detection', RECON),
  ip_protocol_scan: signature(9000010, 'IP protocol scan', SCAN),
  stealth_scan: signature(9000011, 'stealth scan: probes outside any connection', SCAN),
  bad_checksum: signature(9000012, 'probes with a wrong checksum', RECON),
  fragmented_probe: signature(9000013, 'probes split over fragments', RECON),
  trusted_source_port: signature(9000014, 'probes from a trusted source port', RECON),
  decoy_scan: signature(9000015, 'scan hidden among decoys', SCAN),
  slow_scan: signature(9000016, 'slow scan', SCAN),
  idle_scan_zombie: signature(9000017, 'idle scan through a protected host', RECON),
  idle_scan_target: signature(9000018, 'idle scan of a protected host', RECON),
  honeyport: signature(9000019, 'probe of an address or port never used', RECON),
  syn_flood: signature(9000020, 'SYN flood', DOS),
  fan_out: signature(9000021, 'fan-out with connections that complete', MISC),
  backscatter: signature(9000022, 'backscatter, answers nobody asked for', MISC),
};
