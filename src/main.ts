#!/usr/bin/env -S MALLOC_TRIM_THRESHOLD_=16777216 node --v8-pool-size=1 --no-parallel-scavenge
/**
 * The `picket` command: what can be asked for, and the exit status (0 done, 2 wrong usage, 3
 * damaged input; `src/shared/errors.ts` has the table). The only file that knows commander. A
 * command's code is loaded when it is asked for.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { FleetFlags, SharedFlags } from './cli/flags.js';
import type { CommandFlags } from './cli/fleet/command.js';
import type { CorrelateFlags } from './cli/fleet/correlate.js';
import type { SenseFlags } from './cli/fleet/sense.js';
import type { WorkFlags } from './cli/fleet/work.js';
import { endQuietlyWhenReaderLeaves, leave } from './cli/stdout.js';
import { OBSERVERS } from './config/bounds.js';
import { PicketError } from './shared/errors.js';
import { ownPackage } from './shared/program-file.js';
import { keepHeapsSmall } from './shared/v8-flags.js';
import { areCoresFew, JUDGE_THREAD, OBSERVER_THREAD, prepareThread } from './shared/threads.js';

const EXIT_USAGE = 2;
/** What takes longer is no short run. */
const SHORT_RUN_MS = 500;

const EXAMPLES = {
  program: `
Examples:
  picket read capture.pcap --home 198.51.100.0/24       report on a capture
  picket run -i eth0                                    watch an interface
  picket doctor                                         what works here, and how to fix the rest

Exit status: 0 done, 2 wrong usage or configuration, 3 damaged input (the rest was reported).`,
  read: `
Examples:
  picket read capture.pcap --home 198.51.100.0/24,2001:db8:100::/64
  picket read monday.pcap.gz tuesday.pcapng --config picket.yaml --json > events.json
  tcpdump -r big.pcap -w - 'net 198.51.100.0/24' | picket read - --home 198.51.100.0/24`,
  run: `
Examples:
  picket run -i eth0                                    the private and the interface's networks
  picket run -i span0 --home 198.51.100.0/24 --json | jq 'select(.event_type == "incident")'
Ctrl-C ends with everything seen reported; twice ends at once.`,
  fleet: `
Examples:
  picket sense -i span0 --home 198.51.100.0/24 --sensor edge-1 --redis redis://queue.lan
  picket work --redis redis://queue.lan
  picket correlate --redis redis://queue.lan --json >> events.json
  picket status --redis redis://queue.lan
A password belongs into PICKET_REDIS_URL or a file (?password_file=...).`,
  command: `
Commands:
  report            its counters now
  watch SOURCE      keep what the source does apart, and log it when it comes (--for, 0 ends it)
  dump SOURCE       what the source did, as far as the sensor remembers
  reload            read the configuration again: the allowlist and log.level change at once

Examples:
  picket command edge-1 watch 203.0.113.7 --for 2h --follow
  picket command sensors dump 203.0.113.7 --json > evidence.json
  picket command correlators reload
Exit status: 1 when one of them refused or did not answer; the answers of the others are printed.`,
  check: `
Examples:
  picket check
  picket check --config /etc/picket/picket.yaml`,
  doctor: `
Examples:
  picket doctor
  picket doctor -i eth0 --json`,
};

/** Commands that run until they are told to end; so may one that reads standard input. */
const LASTING = new Set(['run', 'sense', 'work', 'correlate']);

const STAY_ROOT = [
  '--stay-root',
  'when root, stay it (default: become privileges.user once the interface is open)',
] as const;

// Whatever ends it before it has come to an end has failed.
process.exitCode = 1;
main(process.argv).then((status) => {
  process.exitCode = status;
});

async function main(argv: string[]): Promise<number> {
  endQuietlyWhenReaderLeaves();
  let status = 0;
  const program = buildProgram((code) => {
    status = code;
  });
  try {
    await program.parseAsync(argv);
    return status;
  } catch (error) {
    // Commander has printed its own message; help and version arrive here too, with status 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (!(error instanceof PicketError)) throw error;
    process.stderr.write(`picket: ${error.message}\n`);
    return error.exitStatus;
  }
}

/** At once for what lasts, later for what may be over before it matters. */
function boundHeaps(action: Command): void {
  if (LASTING.has(action.name()) || action.args.includes('-')) keepHeapsSmall();
  else setTimeout(keepHeapsSmall, SHORT_RUN_MS).unref();
}

function buildProgram(end: (status: number) => void): Command {
  const program = new Command('picket')
    .description(
      'Recognises recon scans beside an IDS: who, since when, what, and what they learned.',
    )
    .version(ownPackage().version, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(picket --help shows what is possible)')
    .addHelpText('after', EXAMPLES.program)
    .hook('preAction', (_, action) => boundHeaps(action));

  const reading = program
    .command('read')
    .summary('report what a capture contains')
    .description('Reads captures (pcap, pcapng, also gzipped) in time order and reports the scans.')
    .argument('<file...>', 'captures; - is standard input')
    .addHelpText('after', EXAMPLES.read)
    .action(async (files: string[], flags: SharedFlags) => {
      if (!areCoresFew()) prepareThread(JUDGE_THREAD);
      if (flags.observer === 'typescript') prepareThread(OBSERVER_THREAD);
      const { read } = await import('./cli/read.js');
      const status = await read(files, flags);
      end(status);
      await leave(status);
    });
  addSharedOptions(reading);

  const running = program
    .command('run')
    .summary('watch an interface')
    .description('Watches an interface live and prints findings and incidents as they happen.')
    .option('-i, --interface <name>', 'interface to watch (default: capture.interface)')
    .addHelpText('after', EXAMPLES.run)
    .action(async (flags: FleetFlags) => {
      const { run } = await import('./cli/run.js');
      end(await run(flags));
    });
  addSharedOptions(running);
  addFleetOptions(running)
    .option('--sensor <name>', 'name of this sensor; unique in a fleet')
    .option(...STAY_ROOT);

  addFleetCommands(program, end);

  program
    .command('check')
    .summary('validate the configuration')
    .description('Validates the configuration and names every mistake, each with what is accepted.')
    .option('-c, --config <file>', 'configuration (default: picket.yaml in this directory)')
    .addHelpText('after', EXAMPLES.check)
    .action(async (flags: { config?: string }) => {
      const { check } = await import('./cli/check.js');
      end(check(flags));
    });

  program
    .command('doctor')
    .summary('show what works on this machine')
    .description('Shows what works on this machine and how to fix what does not.')
    .option('-i, --interface <name>', 'also check this interface')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', EXAMPLES.doctor)
    .action(async (flags: { interface?: string; json?: boolean }) => {
      const { doctor } = await import('./cli/doctor/doctor.js');
      end(await doctor(flags));
    });
  return program;
}

/** Sensors, workers and the correlator as processes of their own, with Redis between them. */
function addFleetCommands(program: Command, end: (status: number) => void): void {
  const sensing = program
    .command('sense')
    .summary('observe here, judge elsewhere')
    .description('Observes an interface or captures and publishes what sources did to Redis.')
    .option('-i, --interface <name>', 'interface to watch (default: capture.interface)')
    .option('--read <file...>', 'captures instead of an interface; ends when they are published')
    .option('--sensor <name>', 'name of this sensor; unique in a fleet')
    .option(...STAY_ROOT)
    .addHelpText('after', EXAMPLES.fleet)
    .action(async (flags: SenseFlags) => {
      const { sense } = await import('./cli/fleet/sense.js');
      end(await sense(flags));
    });
  addFleetOptions(addSharedOptions(sensing));

  const working = program
    .command('work')
    .summary('judge what sensors publish')
    .description('Judges the shards it holds leases on; leases move as workers come and go.')
    .option('--shards <list>', 'shards to hold: auto, or as 0-7,12', 'auto')
    .addHelpText('after', EXAMPLES.fleet)
    .action(async (flags: WorkFlags) => {
      const { work } = await import('./cli/fleet/work.js');
      end(await work(flags));
    });
  addFleetOptions(addConfigOption(working));

  const correlating = program
    .command('correlate')
    .summary('turn findings into incidents and print them')
    .description('Correlates what the workers found and prints it. More than one: a stand-by.')
    .option('--json', 'EVE-shaped JSON Lines')
    .option('--until-end', 'end when every input has ended and all of it was said')
    .addHelpText('after', EXAMPLES.fleet)
    .action(async (flags: CorrelateFlags) => {
      const { correlate } = await import('./cli/fleet/correlate.js');
      end(await correlate(flags));
    });
  addFleetOptions(addConfigOption(correlating));

  const asking = program
    .command('status')
    .summary('show how a fleet is doing')
    .description('Shows queues, leases and processes of a fleet, alarms first.')
    .option('--json', 'one JSON object')
    .action(async (flags: FleetFlags) => {
      const { status } = await import('./cli/fleet/status.js');
      end(await status(flags));
    });
  addFleetOptions(addConfigOption(asking));
  addFleetOptions(addConfigOption(addCommand(program, end)));
}

function addCommand(program: Command, end: (status: number) => void): Command {
  return program
    .command('command')
    .summary('tell a process of a fleet what to do')
    .description('Sends a command to processes of a fleet and prints what they answer.')
    .argument('<target>', 'sensor, process id, or all, sensors, workers, correlators')
    .argument('<command>', 'report, watch, dump or reload')
    .argument('[source]', 'address, of watch and dump')
    .option('--for <duration>', 'how long to watch, as 90s, 10m, 2h (default: 1h)')
    .option('--wait <duration>', 'how long to wait for an answer (default: 5s)')
    .option('--follow', 'watch, dump: go on printing what the source does')
    .option('--json', 'one JSON object for each answer')
    .addHelpText('after', EXAMPLES.command)
    .action(async (target: string, verb: string, source: string, flags: CommandFlags) => {
      const { command } = await import('./cli/fleet/command.js');
      end(await command(target, verb, source, flags));
    });
}

function addFleetOptions(command: Command): Command {
  return command
    .option('--redis <url>', 'Redis or Valkey (default: PICKET_REDIS_URL, then redis.url)')
    .option('--namespace <name>', 'begins every key; another is another deployment');
}

function addConfigOption(command: Command): Command {
  return command.option(
    '-c, --config <file>',
    'configuration (default: picket.yaml in this directory, if any)',
  );
}

function addSharedOptions(command: Command): Command {
  return addConfigOption(command)
    .option('--home <cidrs>', 'protected networks, separated by commas', splitList)
    .option('--json', 'EVE-shaped JSON Lines instead of the report')
    .addOption(new Option('--observer <which>', 'what reads packets').choices(OBSERVERS))
    .option('--workers <count>', 'detection worker threads; 0 chooses', toInteger);
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function toInteger(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}
