/**
 * What is known of each tool's packets, for docs/detectors.md: the facts behind `tools.ts` and the
 * observers' marks. Data only.
 */
export interface ToolFact {
  tool: string;
  versions: string;
  /** What its packets show, and what of it is tested. */
  tell: string;
  /** Confidence that `guessTools` gives, as text. */
  confidence: string;
  /** The tool's source file or other origin. */
  source: string;
  /** `captured`: seen in packets of the tool itself. `synthetic`: built here from its source. */
  basis: 'captured' | 'synthetic';
}

export const TOOL_FACTS: readonly ToolFact[] = [
  {
    tool: 'masscan',
    versions: '1.0 to 1.3.2',
    tell:
      'IP ID = low half of target ^ port ^ sequence number; window 1024, no options, TTL 255, no ' +
      'DF. UDP by the payload’s transaction id, echo requests and IPv6 by the template.',
    confidence: '0.99',
    source: '`src/templ-pkt.c`',
    basis: 'captured',
  },
  {
    tool: 'masscan',
    versions: 'development branch since 2023-11',
    tell: 'The same IP ID; window 1025 and MSS 1460.',
    confidence: '0.99',
    source: '`src/templ-pkt.c`',
    basis: 'synthetic',
  },
  {
    tool: 'zmap',
    versions: '2.x',
    tell: 'IP ID 54321; window 65535, no options.',
    confidence: '0.99',
    source: '`src/probe_modules/packet.c`',
    basis: 'captured',
  },
  {
    tool: 'zmap',
    versions: '3.x, 4.0',
    tell: 'IP ID 54321; window 65535, MSS 1460.',
    confidence: '0.99',
    source: '`src/probe_modules/packet.c`',
    basis: 'synthetic',
  },
  {
    tool: 'zmap',
    versions: '4.1 on',
    tell:
      'Random IP ID; window 65535 with the option list of Windows, Linux, BSD or MSS alone, byte ' +
      'for byte, TTL 64 and no DF: a combination that none of those systems sends.',
    confidence: '0.99',
    source: '`src/send.c`, `src/state.c`',
    basis: 'synthetic',
  },
  {
    tool: 'mirai',
    versions: 'source of 2016 and what was made from it',
    tell: 'Sequence number = target address; no options.',
    confidence: '0.97',
    source: '`bot/scanner.c`',
    basis: 'synthetic',
  },
  {
    tool: 'nmap',
    versions: '7.x raw scans',
    tell:
      'Window 1024 to 4096 in steps of 1024, a SYN with MSS 1460 and nothing else, no DF; one ' +
      'sequence value for a whole run; TTL 37 to 59 drawn for each packet; a kernel that resets ' +
      'what the raw socket asked, with another TTL.',
    confidence: '0.6 to 0.99',
    source: '`scan_engine_raw.cc`, `tcpip.cc`',
    basis: 'captured',
  },
  {
    tool: 'nmap',
    versions: '7.x connect scans',
    tell:
      'The 25 most popular ports among the first thirty of sixty and more; else connections ' +
      'opened and closed without a word.',
    confidence: '0.8; else 0.5',
    source: '`nmap.cc`, random_port_cheat',
    basis: 'captured',
  },
  {
    tool: 'nmap',
    versions: '7.x -sV, scripts, -O',
    tell: 'Payloads that nobody else sends, a probe after six seconds of silence, the -O series.',
    confidence: '0.8 to 0.99',
    source: '`payload-signatures.ts` names the origin of each',
    basis: 'captured',
  },
  {
    tool: 'masscan, zgrab',
    versions: 'banner grabbing',
    tell: 'Their HTTP user agents.',
    confidence: '0.97 to 0.99',
    source: '`payload-signatures.ts`',
    basis: 'captured',
  },
  {
    tool: 'hping3',
    versions: '3.0.0',
    tell: 'SYNs without options, window 512, TTL 64.',
    confidence: '0.8',
    source: '`sendtcp.c`',
    basis: 'captured',
  },
  {
    tool: 'fping',
    versions: '5.x',
    tell: 'Fifty echo requests with data and one TTL, and nothing that tells better.',
    confidence: '0.4',
    source: 'behaviour; a guess',
    basis: 'captured',
  },
];
