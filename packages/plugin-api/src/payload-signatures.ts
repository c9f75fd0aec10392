/**
 * What scanning tools say to a service: the first bytes of their payloads. Data only, for people to
 * review; `payload-patterns.ts` turns it into what the observers match, and the detectors decide.
 *
 * Every entry was written down from packets of our own captures (the tool itself in a laboratory
 * network), or follows from the protocol's specification; `source` says which. No entry is taken
 * from a tool's database. Names of probes and scripts are the tools' own.
 *
 * Ids are stable: they travel in batches. 1-99 version probes over TCP, 100-149 over UDP, 200-299
 * payloads that tell the tool but not the phase, 300-399 script payloads.
 */

/** Which phase a payload tells: both Nmap -sV and its scripts send the `tool` ones. */
export type PayloadPhase = 'version' | 'script' | 'tool';

/**
 * Where the bytes must stand: be the whole payload, open it, or lie anywhere in its first 512
 * bytes.
 * `hex` is pairs of hex digits, `..` for any byte; the first byte is never `..`.
 */
export interface PayloadContent {
  at: 'whole' | 'start' | 'anywhere';
  hex: string;
}

export interface PayloadSignature extends PayloadContent {
  /** Below 2^15. */
  id: number;
  name: string;
  phase: PayloadPhase;
  /** `decisive`: nothing but the tool sends it. `weak`: odd clients may; never enough alone. */
  weight: 'decisive' | 'weak';
  tool: string;
  transport: 'tcp' | 'udp';
  source: string;
}

type Entry = Omit<PayloadSignature, 'phase' | 'tool' | 'transport' | 'source'>;

const SV = 'captures of Nmap 7.93 -sV';
const SV_ALL = 'captures of Nmap 7.93 -sV --version-all';
const SU = 'captures of Nmap 7.93 -sU';
const NSE = 'captures of Nmap 7.93 -sC and --script';

/** Of -sV, TCP, in about the order of their rarity. */
const VERSION_PROBES: Entry[] = [
  weak(1, 'GetRequest', whole('GET / HTTP/1.0\r\n\r\n')),
  weak(2, 'HTTPOptions', whole('OPTIONS / HTTP/1.0\r\n\r\n')),
  // RFC 2326 §12.17: no RTSP client leaves out CSeq.
  decisive(3, 'RTSPRequest', whole('OPTIONS / RTSP/1.0\r\n\r\n')),
  // RFC 5531 §9: portmapper called with the transaction id 0x72fe1d13 and an impossible version.
  decisive(4, 'RPCCheck', startHex('8000002872fe1d130000000000000002000186a00001977c')),
  // RFC 1035 §4.1: version.bind CH TXT with the id 6.
  decisive(
    5,
    'DNSVersionBindReqTCP',
    startHex('001e0006010000010000000000000776657273696f6e0462696e64'),
  ),
  decisive(6, 'DNSStatusRequestTCP', wholeHex('000c000010000000000000000000')),
  weak(7, 'GenericLines', whole('\r\n\r\n')),
  // RFC 5321 §4.1.1.1: EHLO needs a name.
  weak(8, 'Hello', whole('EHLO\r\n')),
  weak(9, 'Help', whole('HELP\r\n')),
  decisive(
    10,
    'TerminalServerCookie',
    startHex('0300002a25e00000000000436f6f6b69653a206d737473686173683d6e6d6170'),
  ),
  decisive(
    11,
    'SSLv23SessionReq',
    startHex('809e0103010075000000200000660000650000640000630000620000'),
  ),
  // RFC 4120 §5.4.1: an AS-REQ for krbtgt/NM.
  decisive(12, 'Kerberos', startHex('000000716a816e30816ba103020105a20302010aa4815e305c')),
  decisive(
    13,
    'SMBProgNeg',
    startHex('000000a4ff534d4272000000000801400000000000000000000000000000400600000100'),
  ),
  weak(14, 'X11Probe', wholeHex('6c000b000000000000000000')),
  decisive(15, 'FourOhFourRequest', start('GET /nice%20ports%2C/Tri%6Eity.txt%2ebak HTTP/1.0\r\n')),
  weak(16, 'LPDString', whole('\x01default\n')),
  weak(
    17,
    'LDAPSearchReq',
    startHex('30840000002d02010763840000002404000a01000a0100020100020164010100870b'),
  ),
  weak(18, 'LDAPBindReq', wholeHex('300c020101600702010204008000')),
  decisive(19, 'SIPOptions', start('OPTIONS sip:nm SIP/2.0')),
  decisive(20, 'LANDesk-RC', wholeHex('544e4d5004000000544e4d4500000400')),
  weak(21, 'TerminalServer', wholeHex('0300000b06e00000000000')),
  weak(22, 'NCP', wholeHex('446d6454000000170000000100000000111100ff01ff13')),
  weak(23, 'NotesRPC', startHex('3a0000002f00000002000040020f0001')),
  decisive(24, 'DistCCD', anywhere('ARGV00000006nmap.c')),
  weak(25, 'JavaRMI', wholeHex('4a524d4900024b')),
  weak(26, 'Radmin', wholeHex('01000000010000000808')),
  weak(27, 'NessusTP', start('< NTP/1.')),
  weak(28, 'WMSRequest', startHex('010000fdcefa0bb0a00000004d4d5314')),
  weak(29, 'oracle-tns', startHex('005a0000010000000136012c000008007fff7f08')),
  decisive(31, 'WWWOFFLEctrlstat', whole('WWWOFFLE STATUS\r\n')),
  weak(32, 'Verifier', whole('Subscribe\n')),
  weak(33, 'VerifierAdvanced', whole('Query\n')),
  // RFC 1928 §3: a greeting with four methods, and in the same breath a request for google.com:80.
  decisive(34, 'Socks5', startHex('050400010280050100030a676f6f676c652e636f6d0050')),
  decisive(35, 'Socks4', wholeHex('040100167f000001726f6f7400')),
  decisive(36, 'OfficeScan', whole('GET /?CAVIT HTTP/1.1\r\n\r\n')),
  weak(
    37,
    'ms-sql-s',
    startHex('1201003400000000000015000601001b000102001c000c0300280004ff080001550000004d5353514c'),
  ),
  weak(38, 'HELP4STOMP', whole('HELP\n\n\x00')),
  weak(39, 'Memcache', whole('stats\r\n')),
  weak(40, 'beast2', whole('666')),
  decisive(41, 'firebird', anywhereHex('01087363616e6e65722004056e6d617020')),
  weak(42, 'ibm-db2-das', startHex('00000000444232444153202020202020010400000010397a')),
  weak(43, 'ibm-db2', startHex('01c2000000040000b601000053514c444232524100010000')),
  weak(
    44,
    'pervasive-relational',
    start('Client string for PARC version 1 Wire Encryption version 1'),
  ),
  weak(45, 'pervasive-btrieve', startHex('3c004b00000020000000000000000000ffffffff00000a04')),
  weak(46, 'ajp', wholeHex('123400010a')),
  weak(47, 'hp-pjl', start('\x1b%-12345X@PJL INFO ID\r\n')),
  weak(48, 'dominoconsole', whole('#ST\n')),
  decisive(49, 'informix', anywhereHex('00056e6d61700000056e6d617000')),
  weak(50, 'drda', startHex('0032d0010001002c10410004115e0004116d0004115a')),
  decisive(51, 'ibm-mqseries', anywhere('nmap-probe')),
  weak(52, 'apple-iphoto', start('GET /server-info HTTP/1.1\r\nClient-DPAP-Version: 1.1\r\n')),
  weak(53, 'ZendJavaBridge', startHex('0000001f000000000000000c476574436c6173734e616d65')),
  weak(54, 'redis-server', whole('*1\r\n$4\r\ninfo\r\n')),
  weak(55, 'minecraft-status', whole('serverstatus\r\n')),
];

/** Payloads of Nmap that -sV and its scripts share. */
const TOOL_PAYLOADS: Entry[] = [
  // TLS hellos with a fixed "random" (RFC 8446 §4.1.2); scripts ask with them who speaks TLS.
  decisive(
    200,
    'SSLSessionReq',
    startHex('16030000530100004f03003f47d7f7ba2ceeeab2607ef300fd827bb9d596c877'),
  ),
  decisive(
    201,
    'TLSSessionReq',
    startHex('1603000069010000650303551ca7e472616e646f6d3172616e646f6d3272616e646f6d33'),
  ),
  decisive(202, 'mstshash', anywhere('Cookie: mstshash=nmap\r')),
  // A path that does not exist: what does this server call "not found"?
  decisive(203, 'nmaplowercheck', start('GET /nmaplowercheck')),
  decisive(204, 'NmapUpperCheck', start('GET /NmapUpperCheck')),
  decisive(205, 'NmapFolderCheck', start('GET /Nmap/folder/check')),
  // Scripts of the "version" category, which -sV runs by itself.
  weak(206, 'vmware-version', start('POST /sdk HTTP/1.1\r\n')),
  weak(207, 'hnap-info', start('GET /HNAP1 HTTP/1.1\r\n')),
  weak(208, 'http-trane-info', start('GET /evox/about HTTP/1.1\r\n')),
  decisive(209, 'sip nm@nm', anywhere('<sip:nm@nm>')),
];

const SCRIPT_PAYLOADS: Entry[] = [
  decisive(300, 'NSE user agent', anywhere('Nmap Scripting Engine')),
  decisive(301, 'sshv1', start('SSH-1.5-NmapNSE')),
  decisive(302, 'ssh-hostkey', start('SSH-1.5-Nmap-SSH1')),
  decisive(303, 'ssh2', start('SSH-2.0-Nmap')),
  decisive(304, 'smtp', start('EHLO nmap.scanme.org')),
  // [MS-SMB2] 2.2.1: the signature of an unsigned request is zero; the library writes digits.
  decisive(
    305,
    'smb2',
    startHex(`0000....fe534d424000${'00'.repeat(42)}3132333435363738393031323334353624`),
  ),
  // [MS-CIFS] 2.2.4.52: one dialect, and an empty one after it.
  decisive(
    306,
    'smb',
    startHex(
      `00000031ff534d4272000000001845..${'00'.repeat(14)}....` +
        '00000100000e00024e54204c4d20302e313200',
    ),
  ),
  // [MS-CIFS] 2.2.5.5: PeekNamedPipe of file id 0; the answer tells whether MS17-010 is fixed.
  decisive(307, 'smb-vuln-ms17-010', startHex(`0000....ff534d4225${'..'.repeat(56)}23000000`)),
  // RFC 6520 §4: a request (1) in a record of type 24, in the clear.
  weak(308, 'ssl-heartbleed', startHex('1803......01')),
  // RFC 6101 §5.6.1.2, RFC 7568: nobody offers SSL 3.0 as the best it can any more.
  weak(309, 'SSL 3.0 hello', startHex('160300....01......0300')),
  // RFC 5246 §7.4.1.2: no session id and 64 cipher suites, the script's portion for every question.
  weak(322, 'ssl-enum-ciphers', startHex(`1603......01......03..${'..'.repeat(32)}000080`)),
  weak(310, 'sslv2', startHex('80..010002')),
  weak(311, 'http-git', start('GET /.git/HEAD')),
  weak(312, 'ftp-anon', whole('PASS IEUser@\r\n')),
  weak(313, 'weblogic-t3-info', start('t3 12.1.2\nAS:2048\nHL:19\n\n')),
  // RFC 1035 §4.1, RFC 5001: ids that do not change.
  weak(
    314,
    'dns-nsid id.server',
    startHex('002a000101000001000000000001026964067365727665720000100003'),
  ),
  weak(
    315,
    'dns-nsid version.bind',
    startHex('001e0001010000010000000000000776657273696f6e0462696e64'),
  ),
  weak(316, 'http-open-proxy', start('CONNECT www.google.com:80 ')),
  weak(317, 'http-open-proxy', start('GET http://www.google.com ')),
  weak(318, 'http-open-proxy', start('HEAD http://www.google.com ')),
  weak(319, 'http-internal-ip-disclosure', whole('GET /images HTTP/1.0\r\n\r\n')),
  weak(320, 'ip-https-discover', start('POST /IPHTTPS HTTP/1.1\r\n')),
  weak(321, 'http-php-version', start('GET /?=PHPE9568F36-D428-11d2')),
];

/** UDP: a port scan already sends the payload its port is known for, so few tell the phase. */
const DATAGRAMS: PayloadSignature[] = [
  udp(
    'version',
    `${SV_ALL}; the TCP probe without its length`,
    decisive(
      100,
      'DNSVersionBindReq',
      startHex('0006010000010000000000000776657273696f6e0462696e64'),
    ),
  ),
  udp('tool', SU, decisive(101, 'RPCCheck', startHex('72fe1d130000000000000002000186a00001977c'))),
  udp('tool', SU, weak(102, 'DNSStatusRequest', wholeHex('000010000000000000000000'))),
  udp(
    'tool',
    `${SU}; RFC 1035 §4.1`,
    decisive(
      103,
      'version.bind, id 0x7777',
      startHex('7777010000010000000000000776657273696f6e0462696e64'),
    ),
  ),
  udp(
    'tool',
    `${SU}; RFC 3412 §6`,
    decisive(104, 'SNMPv3GetRequest', startHex('303a020103300f02024a69020300ffe3')),
  ),
  udp('tool', `${SU}; RFC 5905 §7.3`, weak(105, 'NTPRequest', startHex('e30004fa00010000000100'))),
  udp(
    'tool',
    `${SU}; RFC 1002 §4.2.17`,
    decisive(106, 'NBTStat', startHex('80f00010000100000000000020434b4141')),
  ),
  udp(
    'tool',
    `${SV_ALL}, its TCP form; RFC 3261 §11`,
    decisive(107, 'SIPOptions', start('OPTIONS sip:nm SIP/2.0')),
  ),
  udp(
    'script',
    `${NSE}; RFC 1002 §4.2.17`,
    decisive(330, 'nbstat', startHex('13370000000100000000000020434b4141')),
  ),
  udp('script', `${NSE}; [MC-SQLR] 2.2.2`, weak(331, 'ms-sql-info', wholeHex('03'))),
];

export const PAYLOAD_SIGNATURES: readonly PayloadSignature[] = [
  ...VERSION_PROBES.map((entry) => tcp('version', SV_ALL, entry)),
  ...TOOL_PAYLOADS.map((entry) => tcp('tool', `${SV}; ${NSE}`, entry)),
  ...SCRIPT_PAYLOADS.map((entry) => tcp('script', NSE, entry)),
  ...DATAGRAMS,
  {
    ...decisive(220, 'Masscan user agent', anywhere('User-Agent: masscan/')),
    phase: 'tool',
    tool: 'masscan',
    transport: 'tcp',
    source: 'captures of Masscan 1.3.2 --banners',
  },
  {
    ...decisive(221, 'ZGrab user agent', anywhere('Mozilla/5.0 zgrab/')),
    phase: 'tool',
    tool: 'zgrab',
    transport: 'tcp',
    source: 'RFC 9110 §10.1.5 and the name ZGrab documents for itself',
  },
];

function tcp(phase: PayloadPhase, source: string, entry: Entry): PayloadSignature {
  return { ...entry, phase, tool: 'nmap', transport: 'tcp', source };
}

function udp(phase: PayloadPhase, source: string, entry: Entry): PayloadSignature {
  return { ...entry, phase, tool: 'nmap', transport: 'udp', source };
}

function decisive(id: number, name: string, content: PayloadContent): Entry {
  return { id, name, weight: 'decisive', ...content };
}

function weak(id: number, name: string, content: PayloadContent): Entry {
  return { id, name, weight: 'weak', ...content };
}

function whole(text: string): PayloadContent {
  return wholeHex(hexOf(text));
}

function wholeHex(hex: string): PayloadContent {
  return { at: 'whole', hex };
}

function start(text: string): PayloadContent {
  return startHex(hexOf(text));
}

function startHex(hex: string): PayloadContent {
  return { at: 'start', hex };
}

function anywhere(text: string): PayloadContent {
  return anywhereHex(hexOf(text));
}

function anywhereHex(hex: string): PayloadContent {
  return { at: 'anywhere', hex };
}

/** Hex of latin-1 text. */
function hexOf(text: string): string {
  return [...text].map((c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}
