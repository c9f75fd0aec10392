// Prints 1 when a program can be built with libpcap here, else 0 and says so on standard error.
// Asked by binding.gyp: without libpcap the addon reads files only.
import { spawnSync } from 'node:child_process';

const [command, ...flags] = (process.env.CXX || 'c++').split(' ');
const program = '#include <pcap/pcap.h>\nint main() { return pcap_lib_version() == nullptr; }\n';
const args = [...flags, '-x', 'c++', '-', '-o', '/dev/null', '-lpcap'];
const isThere = spawnSync(command, args, { input: program }).status === 0;
if (!isThere) {
  console.error(
    'picket: no libpcap headers (libpcap-dev): the addon is built without live capture.',
  );
}
process.stdout.write(isThere ? '1' : '0');
