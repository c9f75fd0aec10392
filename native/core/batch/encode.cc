#include "batch/encode.h"

#include <bit>

namespace picket {

namespace {

void put_address(uint8_t* out, const Address& address) {
  for (int word = 0; word < 4; word++) put_u32_be(out + word * 4, address.word[word]);
}

}  // namespace

void BatchEncoder::ShardLists::clear() {
  sources.clear();
  singles.clear();
  targets.clear();
  hosts.clear();
}

BatchEncoder::BatchEncoder(const Observer& observer, const ObserverTables& tables,
                           uint32_t shard_count)
    : observer_(observer),
      shard_count_(shard_count),
      share_(tables.singles_emitted_max / shard_count +
             (tables.singles_emitted_max % shard_count != 0)),
      place_(tables.signatures_max, NONE),
      shards_(shard_count) {}

void BatchEncoder::gather() {
  const Sources& sources = observer_.sources;
  const Targets& targets = observer_.targets;
  const Hosts& hosts = observer_.hosts;
  for (ShardLists& lists : shards_) lists.clear();
  for (uint32_t s = 0; s < sources.index.used; s++) {
    lists_of(sources.index.hash(s)).sources.push_back(s);
  }
  const LightSources& light = sources.light;
  for (uint32_t l = 0; l < light.index.used; l++) {
    if (!light.is_live(l)) continue;
    std::vector<uint32_t>& singles = lists_of(light.index.hash(l)).singles;
    if (singles.size() < share_) {
      singles.push_back(l);
    } else {
      singles_dropped++;
    }
  }
  for (uint32_t t = 0; t < targets.index.used; t++) {
    if (targets.index[t].counters[TARGET_SYNS] < TARGET_SYNS_MIN) continue;
    lists_of(targets.index.hash(t)).targets.push_back(t);
  }
  for (uint32_t h = 0; h < hosts.index.used; h++) {
    const uint32_t* counters = hosts.index[h].counters;
    if (counters[HOST_UNSOLICITED_SYN_ACKS] + counters[HOST_UNSOLICITED_RESETS] == 0) continue;
    lists_of(hosts.index.hash(h)).hosts.push_back(h);
  }
}

std::vector<uint8_t> BatchEncoder::final(const EpochFrame& frame, uint32_t shard,
                                         uint64_t sequence) {
  return write(frame, BatchKind::final, shard, sequence, shards_[shard]);
}

std::vector<uint8_t> BatchEncoder::partial(const EpochFrame& frame, uint32_t shard,
                                           uint64_t sequence, uint32_t source) {
  alone_.clear();
  alone_.sources.push_back(source);
  return write(frame, BatchKind::partial, shard, sequence, alone_);
}

std::vector<uint8_t> BatchEncoder::write(const EpochFrame& frame, BatchKind kind, uint32_t shard,
                                         uint64_t sequence, const ShardLists& lists) {
  MsgpackWriter& w = writer_;
  list_signatures(lists);
  w.array(14);
  w.uint(LAYOUT_VERSION);
  w.string(frame.sensor);
  w.uint(shard);
  w.uint(shard_count_);
  w.uint(sequence);
  w.uint(static_cast<uint64_t>(kind));
  w.uint(static_cast<uint64_t>(frame.epoch_start_us));
  w.uint(static_cast<uint64_t>(frame.epoch_us));
  w.array(COVERAGE_FIELD_COUNT);
  for (const uint64_t count : frame.coverage) w.uint(count);
  w.array(listed_.size());
  for (const uint16_t signature : listed_) {
    w.bin(observer_.signatures.bytes(signature), observer_.signatures.size(signature));
  }
  w.array(lists.sources.size());
  for (const uint32_t source : lists.sources) write_source(source);
  write_singles(lists.singles);
  w.array(lists.targets.size());
  for (const uint32_t target : lists.targets) write_target(target);
  w.array(lists.hosts.size());
  for (const uint32_t host : lists.hosts) write_host(host);
  for (const uint16_t signature : listed_) place_[signature] = NONE;
  listed_.clear();
  return w.take();
}

void BatchEncoder::list_signatures(const ShardLists& lists) {
  for (const uint32_t source : lists.sources) {
    for (const uint16_t signature : observer_.sources.index[source].signature) list(signature);
  }
  for (const uint32_t single : lists.singles) list(observer_.sources.light[single].signature);
}

void BatchEncoder::list(uint16_t signature) {
  if (signature == NO_SIGNATURE || place_[signature] != NONE) return;
  place_[signature] = static_cast<uint32_t>(listed_.size());
  listed_.push_back(signature);
}

void BatchEncoder::write_source(uint32_t number) {
  MsgpackWriter& w = writer_;
  const AddressIndex<Source>& index = observer_.sources.index;
  const Source& source = index[number];
  w.array(22);
  w.uint(index.key(number));
  write_address(index.address(number));
  w.uint(source.first_us);
  w.uint(source.last_us);
  write_counters(source.counters, SOURCE_COUNTER_COUNT);
  write_signatures(source);
  write_members(observer_.sources.targets, source.first_member, source.target_count,
                index.address(number).is_v4());
  write_contacts(source);
  write_sketch(source.target_sketch);
  write_sketch(source.pair_sketch);
  write_ports(source.port_set);
  write_deep(source);
  w.uint(source.run_key);
  w.uint(source.ttl_min);
  w.uint(source.ttl_max);
  w.uint(source.source_port_min);
  w.uint(source.source_port_max);
  w.uint(source.traits);
  write_hits(source);
  write_samples(source);
  write_finds(source);
  w.uint(source.finds.missed);
}

void BatchEncoder::write_deep(const Source& source) {
  const AddressSets& targets = observer_.sources.targets;
  uint32_t deep = 0;
  for (uint32_t m = source.first_member; m != NONE; m = targets[m].next) {
    if (targets[m].port_set != NO_PORT_SET) deep++;
  }
  writer_.array(deep);
  for (uint32_t m = source.first_member; m != NONE; m = targets[m].next) {
    if (targets[m].port_set == NO_PORT_SET) continue;
    writer_.array(2);
    writer_.uint(targets[m].ordinal);
    write_ports(targets[m].port_set);
  }
}

void BatchEncoder::write_signatures(const Source& source) {
  uint32_t count = 0;
  while (count < SOURCE_SIGNATURES_MAX && source.signature[count] != NO_SIGNATURE) count++;
  writer_.array(count);
  for (uint32_t i = 0; i < count; i++) {
    writer_.array(2);
    writer_.uint(place_[source.signature[i]]);
    writer_.uint(source.signature_count[i]);
  }
}

void BatchEncoder::write_contacts(const Source& source) {
  const Contacts& contacts = observer_.sources.contacts;
  const AddressSets& targets = observer_.sources.targets;
  uint8_t* out = writer_.bin_space(size_t{source.contact_count} * CONTACT_SIZE);
  for (uint32_t c = source.first_contact; c != NONE; c = contacts[c].next) {
    const Contact& contact = contacts[c];
    put_u16_le(out + CONTACT_AT_TARGET, targets[contact.member].ordinal);
    out[CONTACT_AT_PROTOCOL] = static_cast<uint8_t>(contact.service >> 16);
    out[CONTACT_AT_TTL] = contact.ttl;
    put_u16_le(out + CONTACT_AT_PORT, contact.service);
    put_u16_le(out + CONTACT_AT_KINDS, contact.kinds);
    put_u16_le(out + CONTACT_AT_OUTCOME, contact.outcome);
    put_u16_le(out + CONTACT_AT_PACKETS, contact.packets);
    put_u32_le(out + CONTACT_AT_FIRST_US, contact.first_us);
    put_u32_le(out + CONTACT_AT_LAST_US, contact.last_us);
    put_u32_le(out + CONTACT_AT_TUPLE, contact.tuple);
    out += CONTACT_SIZE;
  }
}

void BatchEncoder::write_hits(const Source& source) {
  const AddressSets& targets = observer_.sources.targets;
  const PayloadPool& pool = observer_.sources.payloads;
  uint8_t* out = writer_.bin_space(size_t{source.payloads.hit_count} * HIT_SIZE);
  for (uint32_t h = source.payloads.first_hit; h != NONE; h = pool.hit(h).next) {
    const PayloadHit& hit = pool.hit(h);
    put_u32_le(out + HIT_AT_CODE, hit.code);
    put_u16_le(out + HIT_AT_TARGET, targets[hit.member].ordinal);
    out[HIT_AT_PROTOCOL] = static_cast<uint8_t>(hit.service >> 16);
    out[HIT_AT_FLAGS] = hit.flags;
    put_u16_le(out + HIT_AT_PORT, hit.service);
    put_u16_le(out + HIT_AT_TIMES, hit.count);
    out += HIT_SIZE;
  }
}

void BatchEncoder::write_samples(const Source& source) {
  const AddressSets& targets = observer_.sources.targets;
  const PayloadPool& pool = observer_.sources.payloads;
  writer_.array(source.payloads.sample_count);
  for (uint32_t s = source.payloads.first_sample; s != NONE; s = pool.sample(s).next) {
    const PayloadSample& sample = pool.sample(s);
    writer_.array(3);
    writer_.uint(targets[sample.member].ordinal);
    writer_.uint(sample.port);
    writer_.bin(sample.bytes, sample.size);
  }
}

void BatchEncoder::write_finds(const Source& source) {
  const Finds& finds = observer_.sources.finds;
  uint8_t* out = writer_.bin_space(size_t{source.finds.count} * FIND_SIZE);
  for (uint32_t f = source.finds.first; f != NONE; f = finds[f].next) {
    const Find& find = finds[f];
    put_address(out + FIND_AT_TARGET, find.target);
    out[FIND_AT_PROTOCOL] = static_cast<uint8_t>(find.service >> 16);
    out[FIND_AT_PROTOCOL + 1] = 0;
    put_u16_le(out + FIND_AT_PORT, find.service);
    out += FIND_SIZE;
  }
}

void BatchEncoder::write_singles(const std::vector<uint32_t>& singles) {
  const LightSources& light = observer_.sources.light;
  uint8_t* out = writer_.bin_space(singles.size() * SINGLE_SIZE);
  for (const uint32_t number : singles) {
    const LightSource& source = light[number];
    put_u32_le(out + SINGLE_AT_TUNNEL_KEY, light.index.key(number));
    put_address(out + SINGLE_AT_SOURCE, light.index.address(number));
    put_address(out + SINGLE_AT_TARGET, source.target);
    out[SINGLE_AT_PROTOCOL] = static_cast<uint8_t>(source.service >> 16);
    out[SINGLE_AT_TTL] = source.ttl;
    put_u16_le(out + SINGLE_AT_PORT, source.service);
    put_u16_le(out + SINGLE_AT_KINDS, source.kinds);
    put_u16_le(out + SINGLE_AT_OUTCOME, source.outcome);
    put_u16_le(out + SINGLE_AT_PACKETS, source.packets);
    put_u16_le(out + SINGLE_AT_SIGNATURE,
               source.signature == NO_SIGNATURE ? NO_SIGNATURE : place_[source.signature]);
    put_u32_le(out + SINGLE_AT_TRAITS, source.traits);
    put_u32_le(out + SINGLE_AT_FIRST_US, source.first_us);
    put_u32_le(out + SINGLE_AT_LAST_US, source.last_us);
    put_u32_le(out + SINGLE_AT_TUPLE, source.tuple);
    out += SINGLE_SIZE;
  }
}

void BatchEncoder::write_target(uint32_t number) {
  MsgpackWriter& w = writer_;
  const AddressIndex<Target>& index = observer_.targets.index;
  const Target& target = index[number];
  w.array(7);
  w.uint(index.key(number));
  write_address(index.address(number));
  write_counters(target.counters, TARGET_COUNTER_COUNT);
  w.uint(target.top_service & 0xffff);
  w.uint(target.top_syns);
  const bool v4 = index.address(number).is_v4();
  if (target.is_lone()) {
    put_member(writer_.bin_space(v4 ? 4 : 16), target.lone_source, v4);
  } else {
    write_members(observer_.targets.sources, target.first_member, target.source_count, v4);
  }
  write_sketch(target.source_sketch);
}

void BatchEncoder::write_host(uint32_t number) {
  const AddressIndex<Host>& index = observer_.hosts.index;
  writer_.array(3);
  writer_.uint(index.key(number));
  write_address(index.address(number));
  write_counters(index[number].counters, HOST_COUNTER_COUNT);
}

/// An address of a set of v4 or of other addresses.
void BatchEncoder::put_member(uint8_t* out, const Address& address, bool v4) {
  if (v4) {
    put_u32_be(out, address.word[3]);
  } else {
    put_address(out, address);
  }
}

void BatchEncoder::write_members(const AddressSets& sets, uint32_t first, uint32_t count, bool v4) {
  const size_t size = v4 ? 4 : 16;
  uint8_t* out = writer_.bin_space(count * size);
  for (uint32_t m = first; m != NONE; m = sets[m].next) {
    put_member(out, sets.address(m), v4);
    out += size;
  }
}

void BatchEncoder::write_address(const Address& address) {
  if (address.is_v4()) {
    put_u32_be(writer_.bin_space(4), address.word[3]);
  } else {
    put_address(writer_.bin_space(16), address);
  }
}

void BatchEncoder::write_counters(const uint32_t* counters, uint32_t count) {
  writer_.array(count);
  for (uint32_t i = 0; i < count; i++) writer_.uint(counters[i]);
}

/// nil: no set needed; empty: one was needed and refused.
void BatchEncoder::write_ports(int32_t set) {
  if (set == NO_PORT_SET) {
    writer_.nil();
    return;
  }
  const uint8_t* pages[PORT_PAGES] = {};
  uint32_t page_count = 0;
  for (uint8_t page = 0; set >= 0 && page < PORT_PAGES; page++) {
    pages[page] = observer_.port_sets.page(set, static_cast<PortPage>(page));
    if (pages[page] != nullptr) page_count++;
  }
  writer_.array(page_count);
  for (uint8_t page = 0; page < PORT_PAGES; page++) {
    if (pages[page] == nullptr) continue;
    writer_.array(2);
    writer_.uint(page);
    write_page(pages[page]);
  }
}

/// Whichever is shorter: its ports, or the page as it is.
void BatchEncoder::write_page(const uint8_t* page) {
  const uint32_t count = PortSets::count(page);
  if (count * 2 >= PORT_PAGE_SIZE) {
    writer_.bin(page, PORT_PAGE_SIZE);
    return;
  }
  uint8_t* out = writer_.bin_space(size_t{count} * 2);
  for (uint32_t at = 0; at < PORT_PAGE_SIZE; at++) {
    for (uint32_t bits = page[at]; bits != 0; bits &= bits - 1, out += 2) {
      put_u16_le(out, at * 8 + static_cast<uint32_t>(std::countr_zero(bits)));
    }
  }
}

/// nil: no sketch needed; empty: one was needed and refused.
void BatchEncoder::write_sketch(int32_t sketch) {
  if (sketch == NO_SKETCH) {
    writer_.nil();
  } else if (sketch < 0) {
    writer_.bin_space(0);
  } else {
    writer_.bin(observer_.sketches.bytes(sketch), HLL_REGISTERS);
  }
}

}  // namespace picket
