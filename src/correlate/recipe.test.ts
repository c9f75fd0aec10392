import { describe, expect, it } from 'vitest';
import type { Kind } from '../../packages/plugin-api/src/finding.js';
import { hosts, tcpPorts } from '../../packages/plugin-api/src/testkit/findings.js';
import { coverTargets } from '../shared/cover.js';
import { reconstruct, type RecipeInput } from './recipe.js';

const tool = (name: string, confidence = 0.9) => ({ name, confidence });
const range = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

function input(
  given: Omit<Partial<RecipeInput>, 'cover' | 'probes' | 'kinds'> & {
    targets?: string[];
    probes?: string[];
    kinds?: Kind[];
  },
): RecipeInput {
  const { targets = hosts('198.51.100.', 0, 256), ...rest } = given;
  const ports = given.ports ?? tcpPorts([22, 80, 443], 256);
  return {
    hosts: targets.length,
    portCount: ports.length,
    exact: true,
    tools: [],
    depthTargets: [],
    depthPortCount: 0,
    ...rest,
    cover: coverTargets(targets),
    ports,
    probes: new Set(given.probes ?? ['syn']),
    kinds: new Set(given.kinds ?? ['address_scan']),
  };
}

const command = (given: Parameters<typeof input>[0]): string | undefined =>
  reconstruct(input(given))?.command;

describe('recipe', () => {
  it('is the network and the ports of a sweep', () => {
    expect(reconstruct(input({ tools: [tool('masscan')] }))).toEqual({
      command: 'masscan 198.51.100.0/24 -p22,80,443',
      confidence: 0.9,
    });
  });

  it('is null without a tool, with a hunch of one, or for a worm that takes no command', () => {
    expect(reconstruct(input({}))).toBeNull();
    expect(reconstruct(input({ tools: [tool('nmap', 0.4)] }))).toBeNull();
    expect(reconstruct(input({ tools: [tool('mirai')] }))).toBeNull();
    expect(reconstruct(input({ tools: [tool('nmap')], targets: [] }))).toBeNull();
  });

  it('leaves the ports of the study out of the sweep, though no host was named', () => {
    const ports = [...tcpPorts([80, 443], 256), ...tcpPorts(range(1000, 60), 1)];
    expect(command({ tools: [tool('zmap'), tool('nmap', 0.8)], ports })).toBe(
      'zmap -p 80,443 198.51.100.0/24',
    );
  });

  it('asks the study for the ports of the sweep when there was no port scan', () => {
    const kinds: Kind[] = ['address_scan', 'version_scan'];
    const depthTargets = ['198.51.100.96'];
    expect(command({ tools: [tool('masscan'), tool('nmap', 0.8)], kinds, depthTargets })).toBe(
      'masscan 198.51.100.0/24 -p22,80,443; nmap -sS -sV -p22,80,443 198.51.100.96',
    );
  });

  it('knows the default host discovery', () => {
    const probes = ['icmp_echo', 'syn', 'ack', 'icmp_timestamp'];
    const kinds: Kind[] = ['address_scan', 'stealth_scan'];
    const ports = [...tcpPorts([80, 443]), { proto: 'icmp', port: 8, hits: 256 }];
    const tools = [tool('nmap')];
    expect(command({ tools, probes, kinds, ports })).toBe('nmap -sn 198.51.100.0/24');
    const more = [...ports, ...tcpPorts([445])];
    expect(command({ tools, probes, kinds, ports: more })).toBe(
      'nmap -sS -p80,443,445 198.51.100.0/24',
    );
  });

  it('tells a long list of ports by its length, with less confidence', () => {
    const ports = tcpPorts(range(1, 987).map((port) => port * 3));
    expect(
      reconstruct(
        input({
          tools: [tool('nmap', 1)],
          targets: ['198.51.100.96'],
          ports,
          kinds: ['port_scan'],
        }),
      ),
    ).toEqual({ command: 'nmap -sS --top-ports ~1000 198.51.100.96', confidence: 0.8 });
  });

  it('tells ranges, and all ports though some were lost', () => {
    const tools = [tool('nmap')];
    const targets = ['198.51.100.96'];
    expect(command({ tools, targets, ports: tcpPorts(range(1, 1024)) })).toBe(
      'nmap -sS -p1-1024 198.51.100.96',
    );
    expect(command({ tools, targets, ports: tcpPorts(range(5, 100)), portCount: 64_870 })).toBe(
      'nmap -sS -p- 198.51.100.96',
    );
    expect(command({ tools, targets, ports: tcpPorts(range(5, 100)), portCount: 4321 })).toBe(
      'nmap -sS --top-ports ~4300 198.51.100.96',
    );
  });

  it('splits a pipeline into the sweep and the study of single hosts', () => {
    const ports = [
      ...tcpPorts([22, 443], 256),
      ...tcpPorts(
        range(1000, 998).map((port) => port * 2),
        1,
      ),
    ];
    expect(
      command({
        tools: [tool('masscan'), tool('nmap', 0.8)],
        ports,
        depthTargets: ['198.51.100.96'],
        depthPortCount: 1000,
        kinds: ['address_scan', 'port_scan', 'version_scan'],
      }),
    ).toBe('masscan 198.51.100.0/24 -p22,443; nmap -sS -sV --top-ports ~1000 198.51.100.96');
  });

  it.each<[string, Partial<Parameters<typeof input>[0]>]>([
    ['nmap -sn 198.51.100.0/24', { probes: ['icmp_echo'], ports: [] }],
    [
      'nmap -sU -p53,161 198.51.100.0/24',
      {
        probes: ['udp'],
        ports: [
          { proto: 'udp', port: 161, hits: 1 },
          { proto: 'udp', port: 53, hits: 1 },
        ],
      },
    ],
    [
      'nmap -sS -sU -pT:22,U:53 198.51.100.0/24',
      {
        probes: ['syn', 'udp'],
        ports: [...tcpPorts([22]), { proto: 'udp', port: 53, hits: 1 }],
      },
    ],
    [
      'nmap -sX -f --badsum -p22 198.51.100.0/24',
      {
        probes: ['xmas'],
        ports: tcpPorts([22]),
        kinds: ['stealth_scan', 'fragmented_probe', 'bad_checksum'],
      },
    ],
    [
      'nmap -sS -O -p22 198.51.100.0/24',
      {
        probes: ['syn', 'xmas', 'null'],
        ports: tcpPorts([22]),
        kinds: ['os_detection', 'stealth_scan'],
      },
    ],
    [
      'nmap -sO 198.51.100.0/24',
      { probes: ['ip_protocol'], ports: [], kinds: ['ip_protocol_scan'] },
    ],
  ])('writes %s', (expected, given) => {
    expect(command({ tools: [tool('nmap')], ...given })).toBe(expected);
  });

  it('leaves out UDP that scripts ask by themselves, but not a UDP scan', () => {
    const scripts = (udp: number[]) =>
      command({
        tools: [tool('nmap')],
        ports: [...tcpPorts([22, 80], 9), ...udp.map((port) => ({ proto: 'udp', port, hits: 1 }))],
        portCount: 2 + udp.length,
        probes: ['syn', 'udp'],
        kinds: ['script_scan'],
      });
    expect(scripts([137, 161])).toBe('nmap -sS -sC -p22,80 198.51.100.0/24');
    expect(scripts([53, 67, 123, 137, 161])).toContain('-sU');
  });

  it.each([
    ['zmap', 'zmap -p 22,80,443 198.51.100.0/24'],
    ['unicornscan', 'unicornscan -mT 198.51.100.0/24:22,80,443'],
    ['hping3', 'hping3 --scan 22,80,443 -S 198.51.100.0/24'],
    ['fping', 'fping -g 198.51.100.0/24'],
  ])('writes a command of %s', (name, expected) => {
    expect(command({ tools: [tool(name)] })).toBe(expected);
  });

  it('loses confidence when little of the network was touched or the scope is an estimate', () => {
    const targets = hosts('198.51.100.', 0, 64).map((_, index) => `198.51.100.${index * 4}`);
    expect(reconstruct(input({ tools: [tool('masscan', 1)], targets }))?.confidence).toBe(0.63);
    expect(reconstruct(input({ tools: [tool('masscan', 1)], exact: false }))?.confidence).toBe(0.8);
  });
});
