/* Sends frames out of an interface as fast as one core can, or at a rate: sendmmsg on a packet
 * socket that goes past the queueing discipline. Compiled by bench/contenders.ts.
 *
 *   live_sender INTERFACE FRAMES RATE SECONDS
 *
 * FRAMES: syn (one source, SYNs to 65,536 addresses on 16 ports), flood (SYNs to one address, each
 * from the next of 16 million sources), or a pcap file of Ethernet. RATE in frames a second, 0 for
 * all there is; at most SECONDS, and COUNT_MAX frames. The destination address is nobody's: only
 * who listens promiscuously takes the frames, and no kernel answers. Every frame gets another IP
 * identification each time it is sent, with its checksum kept right, so that none is a copy.
 * Prints one line of JSON: frames sent, frames the kernel refused, seconds. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
  BATCH = 64,
  SYN_FRAMES = 65536,
  SYN_SIZE = 60,
  IP_AT = 14,
  ID_AT = 18,
  IP_SUM_AT = 24,
  SOURCE_AT = 26,
  TCP_AT = 34,
  TCP_SUM_AT = 50,
  SYN_SLOT = 64,
  FRAMES_MAX = 1 << 20,
};
/* A bench that is forgotten ends all the same: about an hour at full speed. */
#define COUNT_MAX 4000000000ull
#define RATE_MAX 100000000ull
#define SECONDS_MAX 100000

struct frame {
  uint8_t* bytes;
  uint32_t size;
};

static struct frame frames[FRAMES_MAX];
static uint32_t frame_count = 0;

static void fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static void put16(uint8_t* at, uint32_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static uint32_t get16(const uint8_t* at) { return (uint32_t)at[0] << 8 | at[1]; }

static uint32_t folded(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

static uint32_t sum_of(const uint8_t* bytes, uint32_t size) {
  uint32_t sum = 0;
  for (uint32_t at = 0; at + 1 < size; at += 2) sum += get16(bytes + at);
  return sum;
}

/* RFC 1624, equation 3. */
static void adjust(uint8_t* checksum, uint32_t before, uint32_t after) {
  put16(checksum, ~folded((~get16(checksum) & 0xffff) + (~before & 0xffff) + after));
}

static void next_identification(uint8_t* bytes) {
  if (get16(bytes + 12) != ETH_P_IP) return;
  const uint32_t before = get16(bytes + ID_AT);
  const uint32_t after = (before + 1) & 0xffff;
  put16(bytes + ID_AT, after);
  adjust(bytes + IP_SUM_AT, before, after);
}

/* The IP header and TCP's pseudo-header both hold the source. */
static void set_source_word(uint8_t* bytes, uint32_t at, uint32_t after) {
  const uint32_t before = get16(bytes + at);
  put16(bytes + at, after);
  adjust(bytes + IP_SUM_AT, before, after);
  adjust(bytes + TCP_SUM_AT, before, after);
}

static void set_nobody(uint8_t* bytes) {
  static const uint8_t NOBODY[6] = {0x02, 0, 0, 0, 0, 0x99};
  memcpy(bytes, NOBODY, sizeof NOBODY);
}

/* A Linux-like SYN without options from 203.0.113.66 to 198.18.x.y. */
static void make_syn(uint8_t* bytes, uint32_t number) {
  static const uint16_t PORTS[16] = {22,  23,  25,   53,   80,   110,  135,  139,
                                     143, 443, 445, 1433, 3306, 3389, 5900, 8080};
  const uint32_t target = 0xc6120000 | (number & 0xffff);
  memset(bytes, 0, SYN_SIZE);
  set_nobody(bytes);
  bytes[6] = 0x02;
  bytes[11] = 0x66;
  put16(bytes + 12, ETH_P_IP);
  bytes[IP_AT] = 0x45;
  put16(bytes + IP_AT + 2, 40);
  put16(bytes + ID_AT, number);
  bytes[IP_AT + 8] = 64;
  bytes[IP_AT + 9] = IPPROTO_TCP;
  put16(bytes + SOURCE_AT, 0xcb00);
  put16(bytes + SOURCE_AT + 2, 0x7142);
  put16(bytes + SOURCE_AT + 4, target >> 16);
  put16(bytes + SOURCE_AT + 6, target & 0xffff);
  put16(bytes + TCP_AT, 40000 + (number >> 4) % 20000);
  put16(bytes + TCP_AT + 2, PORTS[number & 15]);
  put16(bytes + TCP_AT + 4, number * 40503u >> 8);
  put16(bytes + TCP_AT + 6, number * 40503u);
  bytes[TCP_AT + 12] = 0x50;
  bytes[TCP_AT + 13] = 0x02;
  put16(bytes + TCP_AT + 14, 64240);
  put16(bytes + IP_SUM_AT, ~folded(sum_of(bytes + IP_AT, 20)));
  const uint32_t pseudo = sum_of(bytes + SOURCE_AT, 8) + IPPROTO_TCP + 20;
  put16(bytes + TCP_SUM_AT, ~folded(pseudo + sum_of(bytes + TCP_AT, 20)));
}

static void make_syns(void) {
  uint8_t* bytes = malloc((size_t)SYN_FRAMES * SYN_SLOT);
  if (bytes == NULL) fail("memory");
  for (frame_count = 0; frame_count < SYN_FRAMES; frame_count++) {
    frames[frame_count].bytes = bytes + (size_t)frame_count * SYN_SLOT;
    frames[frame_count].size = SYN_SIZE;
    make_syn(frames[frame_count].bytes, frame_count);
  }
}

static void read_frames(const char* path) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* capture = pcap_open_offline(path, error);
  if (capture == NULL || pcap_datalink(capture) != DLT_EN10MB) {
    fprintf(stderr, "%s: %s\n", path, capture == NULL ? error : "not Ethernet");
    exit(1);
  }
  struct pcap_pkthdr* header;
  const u_char* bytes;
  while (frame_count < FRAMES_MAX && pcap_next_ex(capture, &header, &bytes) == 1) {
    if (header->caplen < IP_AT + 20 || header->caplen > 1514) continue;
    struct frame* frame = &frames[frame_count++];
    frame->size = header->caplen;
    frame->bytes = malloc(header->caplen);
    if (frame->bytes == NULL) fail("memory");
    memcpy(frame->bytes, bytes, header->caplen);
    set_nobody(frame->bytes);
  }
  pcap_close(capture);
}

static int open_socket(const char* interface) {
  const int file = socket(AF_PACKET, SOCK_RAW, 0);
  if (file < 0) fail("packet socket");
  const int one = 1;
  if (setsockopt(file, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) < 0) fail("bypass");
  struct sockaddr_ll address = {0};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = (int)if_nametoindex(interface);
  if (address.sll_ifindex == 0) fail(interface);
  if (bind(file, (struct sockaddr*)&address, sizeof address) < 0) fail("bind");
  return file;
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* Waits until `sent` frames are due; sleeps when there is time enough to. */
static void keep_rate(uint64_t rate, uint64_t sent, uint64_t started_ns) {
  const uint64_t due_ns = started_ns + (uint64_t)((double)sent * 1e9 / (double)rate);
  for (uint64_t now = now_ns(); now < due_ns; now = now_ns()) {
    if (due_ns - now < 100000) continue;
    const struct timespec pause = {0, 50000};
    nanosleep(&pause, NULL);
  }
}

static void prepare(struct mmsghdr* message, struct iovec* piece, uint64_t number, int is_flood) {
  struct frame* frame = &frames[number % frame_count];
  if (is_flood) {
    set_source_word(frame->bytes, SOURCE_AT, 0x0b00 | (number >> 16 & 0xff));
    set_source_word(frame->bytes, SOURCE_AT + 2, number & 0xffff);
  }
  next_identification(frame->bytes);
  piece->iov_base = frame->bytes;
  piece->iov_len = frame->size;
  message->msg_hdr.msg_iov = piece;
  message->msg_hdr.msg_iovlen = 1;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int is_flood = strcmp(argv[2], "flood") == 0;
  const uint64_t rate = strtoull(argv[3], NULL, 10);
  const uint64_t seconds = strtoull(argv[4], NULL, 10);
  if (rate > RATE_MAX || seconds == 0 || seconds > SECONDS_MAX) return 2;
  if (is_flood || strcmp(argv[2], "syn") == 0) {
    make_syns();
  } else {
    read_frames(argv[2]);
  }
  if (frame_count == 0) return 1;
  /* A flood is one frame for every message of a batch, all to one target. */
  if (is_flood) {
    frame_count = BATCH;
    for (uint32_t at = 0; at < BATCH; at++) make_syn(frames[at].bytes, 0x0a00);
  }
  const int file = open_socket(argv[1]);
  static struct mmsghdr messages[BATCH];
  static struct iovec pieces[BATCH];
  uint64_t sent = 0;
  uint64_t refused = 0;
  const uint64_t started_ns = now_ns();
  const uint64_t end_ns = started_ns + seconds * 1000000000ull;
  while (now_ns() < end_ns && sent + refused < COUNT_MAX) {
    if (rate > 0) keep_rate(rate, sent + refused, started_ns);
    for (uint32_t at = 0; at < BATCH; at++) {
      prepare(&messages[at], &pieces[at], sent + refused + at, is_flood);
    }
    const int count = sendmmsg(file, messages, BATCH, 0);
    if (count < 0 && errno != ENOBUFS && errno != EAGAIN) fail("sendmmsg");
    if (count > 0) sent += (uint64_t)count;
    if (count <= 0) refused++;
  }
  const double elapsed = (double)(now_ns() - started_ns) / 1e9;
  printf("{\"sent\":%llu,\"refused\":%llu,\"seconds\":%.3f}\n", (unsigned long long)sent,
         (unsigned long long)refused, elapsed);
  return 0;
}
