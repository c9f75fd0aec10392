// Prints 1 when a program can be built here with what is asked for, else 0. Asked by binding.gyp.
import { spawnSync } from 'node:child_process';

const ASKED = {
  // Without libpcap the addon reads files only, which somebody should know.
  pcap: {
    program: '#include <pcap/pcap.h>\nint main() { return pcap_lib_version() == nullptr; }\n',
    args: ['-lpcap'],
    without: 'no libpcap headers (libpcap-dev): the addon is built without live capture.',
  },
  // Link-time optimisation: a sixth less time a packet. clang needs a linker that many lack.
  lto: { program: 'int main() { return 0; }\n', args: ['-flto'] },
};

const { program, args, without } = ASKED[process.argv[2]];
const [command, ...flags] = (process.env.CXX || 'c++').split(' ');
const build = [...flags, '-x', 'c++', '-', '-o', '/dev/null', ...args];
const isThere = spawnSync(command, build, { input: program }).status === 0;
if (!isThere && without) console.error(`picket: ${without}`);
process.stdout.write(isThere ? '1' : '0');
