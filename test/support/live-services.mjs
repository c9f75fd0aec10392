// Services of the protected network for live tests: web servers on ports 80 and 8080 of every
// address, which say nothing before they are asked. Ends with its standard input.
import { createServer } from 'node:http';

for (const port of [80, 8080]) {
  createServer((_request, response) => response.end('<title>hello</title>\n')).listen(port);
}
process.stdin.on('end', () => process.exit(0)).resume();
console.log('ready');
