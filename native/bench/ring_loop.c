/* The limit that live capture is measured against: a TPACKET_V3 ring whose packets are counted by
 * one thread and looked at by nobody. Compiled by bench/contenders.ts.
 *
 *   ring_loop INTERFACE RING_MIB
 *
 * Says "ready" on standard error when it listens. On SIGINT or SIGTERM prints one line of JSON:
 * packets and bytes counted, packets dropped since its ring was full. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum {
  BLOCK_SIZE = 1 << 18,
  FRAME_SIZE = 2048,
  RETIRE_MS = 10,
  WAIT_MS = 100,
  RING_MIB_MAX = 2048,
};

static volatile sig_atomic_t is_over = 0;

static void end(int signal) {
  (void)signal;
  is_over = 1;
}

static void fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static void set(int file, int option, const void* value, socklen_t size) {
  if (setsockopt(file, SOL_PACKET, option, value, size) < 0) fail("setsockopt");
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const unsigned long mib = strtoul(argv[2], NULL, 10);
  if (mib == 0 || mib > RING_MIB_MAX) return 2;
  const unsigned int block_count = (unsigned int)((mib << 20) / BLOCK_SIZE);
  const int file = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  if (file < 0) fail("packet socket");
  const int version = TPACKET_V3;
  set(file, PACKET_VERSION, &version, sizeof version);
  struct tpacket_req3 ring = {0};
  ring.tp_block_size = BLOCK_SIZE;
  ring.tp_block_nr = block_count;
  ring.tp_frame_size = FRAME_SIZE;
  ring.tp_frame_nr = BLOCK_SIZE / FRAME_SIZE * block_count;
  ring.tp_retire_blk_tov = RETIRE_MS;
  set(file, PACKET_RX_RING, &ring, sizeof ring);
  const size_t size = (size_t)BLOCK_SIZE * block_count;
  uint8_t* blocks = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (blocks == MAP_FAILED) fail("mmap");
  struct sockaddr_ll address = {0};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = (int)if_nametoindex(argv[1]);
  if (address.sll_ifindex == 0) fail(argv[1]);
  if (bind(file, (struct sockaddr*)&address, sizeof address) < 0) fail("bind");
  struct packet_mreq all = {0};
  all.mr_ifindex = address.sll_ifindex;
  all.mr_type = PACKET_MR_PROMISC;
  set(file, PACKET_ADD_MEMBERSHIP, &all, sizeof all);
  signal(SIGINT, end);
  signal(SIGTERM, end);
  fprintf(stderr, "ready\n");

  uint64_t packets = 0;
  uint64_t bytes = 0;
  for (unsigned int at = 0; !is_over;) {
    struct tpacket_block_desc* block = (void*)(blocks + (size_t)at * BLOCK_SIZE);
    if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) {
      struct pollfd waiting = {file, POLLIN | POLLERR, 0};
      poll(&waiting, 1, WAIT_MS);
      continue;
    }
    const uint8_t* packet = (const uint8_t*)block + block->hdr.bh1.offset_to_first_pkt;
    for (uint32_t left = block->hdr.bh1.num_pkts; left > 0; left--) {
      const struct tpacket3_hdr* header = (const void*)packet;
      packets++;
      bytes += header->tp_snaplen;
      packet += header->tp_next_offset;
    }
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    at = (at + 1) % block_count;
  }
  struct tpacket_stats_v3 stats = {0};
  socklen_t stats_size = sizeof stats;
  if (getsockopt(file, SOL_PACKET, PACKET_STATISTICS, &stats, &stats_size) < 0) fail("statistics");
  printf("{\"packets\":%llu,\"bytes\":%llu,\"dropped\":%u}\n", (unsigned long long)packets,
         (unsigned long long)bytes, stats.tp_drops);
  return 0;
}
