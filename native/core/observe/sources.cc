#include "observe/sources.h"

#include <algorithm>

namespace picket {

namespace {

/// Below both, a source that says nothing known is somebody's client.
constexpr uint32_t SAMPLED_TARGETS_MIN = 2;
constexpr uint32_t SAMPLED_CONTACTS_MIN = 3;

}  // namespace

Sources::Sources(const ObserverConfig& config, Sketches& sketches, PortSets& port_sets)
    : index(config.tables.sources_max),
      light(config.tables.light_sources_max),
      targets(config.tables.contacts_max / 2 + config.tables.contacts_max % 2),
      contacts(config.tables.contacts_max),
      tally(index),
      sketches_(sketches),
      port_sets_(port_sets),
      early_targets_(config.early_targets),
      early_ports_(config.early_ports),
      early_pairs_(config.early_pairs) {}

WideSource Sources::wide_source() {
  if (full_ == NONE) return {};
  Source& source = index[full_];
  const bool is_told = (source.target_sketch | source.pair_sketch | source.port_set) >= 0;
  if (source.target_count < TARGETS_EXACT_MAX || !is_told || !filters_.has(full_)) return {};
  uint8_t* const tcp_ports = port_sets_.page_of(source.port_set, PORT_PAGE_TCP);
  if (tcp_ports == nullptr) return {};
  return {full_, &source, sketches_.registers(source.target_sketch),
          sketches_.registers(source.pair_sketch), tcp_ports};
}

/// One of a source without full state.
void Sources::touch_waiting(const Touch& touch) {
  if (waiting_ != NONE && light.is_live(waiting_)) {
    if (light.fits(waiting_, touch)) {
      light.repeat(waiting_, touch);
    } else if (touch.is_probe || touch.may_create) {
      promote(waiting_, touch);
    }
    return;
  }
  if (!touch.is_probe && !touch.may_create) return;
  if (light.add(touch) != NONE) return;
  if (light.knock(touch)) {
    const uint32_t fresh = add(touch);
    if (fresh != NONE) {
      touch_full(fresh, touch);
      return;
    }
  }
  refused++;
}

uint8_t Sources::probe_ttl(const Touch& touch) const {
  if (full_ == NONE) {
    const bool known = waiting_ != NONE && light.is_live(waiting_) &&
                       light.is_same_contact(waiting_, touch);
    return known ? light[waiting_].ttl : 0;
  }
  const uint32_t member = targets.find(touch.source_hash, full_, touch.target);
  if (member == NONE) return 0;
  const uint32_t contact = contacts.find(member, touch.service);
  return contact == NONE ? 0 : contacts[contact].ttl;
}

uint32_t Sources::full_state_of(const Touch& touch, bool may_make) {
  seek(touch);
  if (full_ != NONE || !may_make) return full_;
  if (waiting_ != NONE) {
    if (light.is_live(waiting_)) promote(waiting_, touch);
  } else {
    const uint32_t fresh = add(touch);
    if (fresh == NONE) {
      refused++;
    } else {
      touch_full(fresh, touch);
    }
  }
  seek(touch);
  return full_;
}

bool Sources::is_worth_samples(uint32_t source) const {
  const Source& known = index[source];
  return known.target_count >= SAMPLED_TARGETS_MIN ||
         known.contact_count >= SAMPLED_CONTACTS_MIN || known.payloads.is_known();
}

void Sources::clear() {
  full_ = NONE;
  waiting_ = NONE;
  tally.clear();
  index.clear();
  light.clear();
  targets.clear();
  contacts.clear();
  payloads.clear();
  finds.clear();
  filters_.clear();
}

uint32_t Sources::add(const Touch& touch) {
  const uint32_t number = index.add(touch.source_hash, touch.tunnel_key, touch.source);
  if (number == NONE) return NONE;
  Source& source = index[number];
  source.first_us = touch.offset_us;
  source.last_us = touch.offset_us;
  source.first_member = NONE;
  source.last_member = NONE;
  source.first_contact = NONE;
  source.last_contact = NONE;
  source.last_reset_id = -1;
  source.target_sketch = NO_SKETCH;
  source.pair_sketch = NO_SKETCH;
  source.port_set = NO_PORT_SET;
  std::fill_n(source.signature, SOURCE_SIGNATURES_MAX, static_cast<uint16_t>(NO_SIGNATURE));
  source.payloads.reset();
  source.finds.reset();
  return number;
}

/// Moves a light source to full state: replays its one contact, then takes in the new touch.
void Sources::promote(uint32_t light_source, const Touch& touch) {
  const uint32_t number = add(touch);
  if (number == NONE) {
    refused++;
    return;
  }
  const Touch replayed = light.leave(light_source);
  index[number].first_us = replayed.offset_us;
  touch_full(number, replayed);
  const uint32_t contact = index[number].last_contact;
  if (contact != NONE) contacts[contact].last_us = light[light_source].last_us;
  touch_full(number, touch);
}

void Sources::touch_full(uint32_t number, const Touch& touch) {
  Source& source = index[number];
  source.last_us = touch.offset_us;
  if (touch.is_probe) tally.count(number, source, touch);
  if (touch.reset_id >= 0 || touch.raw_syn_ack) note_strange_stack(source, touch);
  uint32_t member = may_be_member(number, source, touch)
                        ? targets.find(touch.source_hash, number, touch.target)
                        : NONE;
  uint32_t found = member == NONE ? NONE : contacts.find(member, touch.service);
  if (found == NONE) {
    if (!touch.is_probe && !touch.may_create) return;
    const uint32_t target_hash = address_hash(HASH_SEED, touch.target);
    if (member == NONE) member = admit_target(number, touch, target_hash);
    if (member != NONE) found = admit_contact(number, member, touch);
    if (found == NONE && source.pair_sketch == NO_SKETCH) open_pair_sets(source);
    if (source.pair_sketch != NO_SKETCH) note_pair(source, target_hash, touch.service);
    if (found == NONE) {
      count_outcome(source, touch.outcome);
      if ((touch.outcome & OUTCOME_OPEN) != 0) finds.add(source.finds, touch);
      return;
    }
    contacts[found].kinds = touch.kind;
    contacts[found].ttl = touch.ttl;
    contacts[found].tuple = touch.tuple();
  } else if (touch.is_probe) {
    contacts[found].kinds |= touch.kind;
  }
  Contact& contact = contacts[found];
  count_outcome(source, touch.outcome & ~uint32_t{contact.outcome});
  contact.outcome |= touch.outcome;
  contact.last_us = touch.offset_us;
  if (touch.is_probe) {
    const uint32_t packets = uint32_t{contact.packets} + touch.packets;
    contact.packets = static_cast<uint16_t>(std::min(0xffffu, packets));
  }
}

/// False when the touch's target is certainly none of the source's exact ones.
bool Sources::may_be_member(uint32_t number, const Source& source, const Touch& touch) {
  if (source.target_sketch == NO_SKETCH) return true;
  if (!filters_.has(number)) {
    if (!filters_.open(number)) return true;
    for (uint32_t m = source.first_member; m != NONE; m = targets[m].next) {
      filters_.add(number, keyed_hash(touch.tunnel_key, targets.address(m)));
    }
  }
  return filters_.may_contain(number, touch.target_hash);
}

/// A new target: into the exact set if there is room (else NONE), and into a sketch once there was
/// none. `target_hash` is what sketches take of it.
uint32_t Sources::admit_target(uint32_t number, const Touch& touch, uint32_t target_hash) {
  Source& source = index[number];
  uint32_t member = NONE;
  if (source.target_count < TARGETS_EXACT_MAX) {
    member = add_member(number, touch);
    if (member != NONE) {
      if (source.target_count == early_targets_) reach(number, EARLY_TARGETS);
      if (source.target_sketch == NO_SKETCH) return member;
    }
  }
  if (source.target_sketch == NO_SKETCH) {
    source.target_sketch = sketches_.take();
    for (uint32_t m = source.first_member; m != NONE; m = targets[m].next) {
      sketches_.add(source.target_sketch, targets.hash_of(m));
    }
  }
  sketches_.add(source.target_sketch, target_hash);
  return member;
}

/// A new contact: into the exact list if there is room (else NONE), and its port into the target's
/// set once there was none.
uint32_t Sources::admit_contact(uint32_t number, uint32_t member, const Touch& touch) {
  Source& source = index[number];
  const uint32_t ports = targets[member].port_count;
  uint32_t contact = NONE;
  if (source.contact_count < CONTACTS_EXACT_MAX && ports < PORTS_EXACT_MAX) {
    contact = add_contact(source, member, touch);
    if (contact != NONE) {
      if (ports + 1 == early_ports_) reach(number, EARLY_PORTS);
      if (source.contact_count == early_pairs_) reach(number, EARLY_PAIRS);
      if (targets[member].port_set == NO_PORT_SET) return contact;
    }
  }
  int32_t& set = targets[member].port_set;
  if (set == NO_PORT_SET) {
    for (uint32_t c = source.first_contact; c != NONE; c = contacts[c].next) {
      if (contacts[c].member == member) port_sets_.add(set, contacts[c].service);
    }
  }
  port_sets_.add(set, touch.service);
  return contact;
}

/// For pairs and ports that are beyond the list. What is listed is in them too.
void Sources::open_pair_sets(Source& source) {
  source.pair_sketch = sketches_.take();
  for (uint32_t c = source.first_contact; c != NONE; c = contacts[c].next) {
    note_pair(source, targets.hash_of(contacts[c].member), contacts[c].service);
  }
}

void Sources::note_pair(Source& source, uint32_t target_hash, uint32_t service) {
  sketches_.add(source.pair_sketch, pair_hash(target_hash, service));
  port_sets_.add(source.port_set, service);
}

uint32_t Sources::add_member(uint32_t number, const Touch& touch) {
  Source& source = index[number];
  const uint32_t member = targets.append(touch.source_hash, number, touch.target,
                                         source.target_count, source.last_member);
  if (member == NONE) return NONE;
  if (source.last_member == NONE) source.first_member = member;
  source.last_member = member;
  source.target_count++;
  filters_.add(number, touch.target_hash);
  return member;
}

uint32_t Sources::add_contact(Source& source, uint32_t member, const Touch& touch) {
  const uint32_t contact = contacts.add(member, touch.service, touch.offset_us);
  if (contact == NONE) return NONE;
  if (source.last_contact == NONE) {
    source.first_contact = contact;
  } else {
    contacts[source.last_contact].next = contact;
  }
  source.last_contact = contact;
  source.contact_count++;
  targets[member].port_count++;
  return contact;
}

}  // namespace picket
