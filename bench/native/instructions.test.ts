import { expect, test } from 'vitest';
import { inOrder, sumByPart } from './instructions.js';

const LISTING = `
Profiled target:  native/out/bench/stages capture 10.0.0.0/8 signatures observe (PID 1, part 1)
--------------------------------------------------------------------------------
1,030 (100.0%)  PROGRAM TOTALS

600 (58.25%)  native/core/decode/tcp.cc:picket::Decoder::decode(unsigned char const*) [/x/stages]
 20 ( 1.94%)  /x/native/core/decode/checksum.h:picket::fold(unsigned int) [/x/stages]
 10 ( 0.97%)  native/core/base/hash.h:picket::Observer::probe(picket::Packet const&)
1,400 ( 9.00%)  native/core/observe/flows.h:picket::Flows::find(long)
  5 ( 0.49%)  ./string/../sysdeps/x86_64/multiarch/memset.S:__memset_avx2_unaligned_erms
`;

test('instructions are added up by the source they are written in, inlined or not', () => {
  expect(inOrder(sumByPart(LISTING))).toEqual([
    ['checksums', 20],
    ['decode', 600],
    ['conversations', 1400],
    ['hashes and indexes', 10],
    ['C library and the rest', 5],
  ]);
});
