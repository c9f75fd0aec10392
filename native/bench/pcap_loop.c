/* The limit that capture programs are measured against: libpcap reads every packet, nobody looks at it.
 * Prints packets and bytes. Compiled by bench/contenders.ts. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char** argv) {
  char error[PCAP_ERRBUF_SIZE];
  if (argc != 2) return 2;
  pcap_t* capture = pcap_open_offline(argv[1], error);
  if (capture == NULL) {
    fprintf(stderr, "%s\n", error);
    return 1;
  }
  struct pcap_pkthdr* header;
  const u_char* bytes;
  unsigned long long packet_count = 0;
  unsigned long long size = 0;
  while (pcap_next_ex(capture, &header, &bytes) == 1) {
    packet_count++;
    size += header->caplen;
  }
  printf("%llu packets, %llu bytes\n", packet_count, size);
  pcap_close(capture);
  return 0;
}
