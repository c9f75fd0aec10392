/** Writes the endless capture to the named pipe that is its argument, until nobody reads it. */
import { PcapWriter } from '../../test/generate/pcap-writer.js';
import { writeSecond } from './stream.js';

const writer = new PcapWriter(process.argv[2]);
try {
  for (let second = 0; ; second++) writeSecond(writer, second);
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
}
