/** Which processes a command goes to. */
import { PicketError } from '../../shared/errors.js';
import { safeText } from '../../shared/text.js';
import type { Verb } from '../../transport/bullmq/command-message.js';
import { addressOfMember, type KnownMember } from '../../transport/bullmq/members.js';

export interface Target {
  /** As people know it: the sensor's name, or the process's id. */
  name: string;
  address: string;
}

const GROUPS: Record<string, (member: KnownMember) => boolean> = {
  all: () => true,
  sensors: ({ sensor }) => sensor !== undefined,
  workers: ({ role }) => role.includes('worker'),
  correlators: ({ role }) => role.includes('correlator'),
};
/** What only a sensor can do. */
const OF_SENSORS: readonly Verb[] = ['watch', 'dump'];
const NAMED_MAX = 20;

/**
 * `wanted` is a sensor's name, a process's id, or a group; of a group only those who can.
 * @throws PicketError `command-failed` when nobody is there, naming those who are.
 */
export function targetsOf(members: readonly KnownMember[], wanted: string, verb: Verb): Target[] {
  const isInGroup = Object.hasOwn(GROUPS, wanted) ? GROUPS[wanted] : null;
  const canDo = (member: KnownMember) => !OF_SENSORS.includes(verb) || member.sensor !== undefined;
  const chosen = members.filter((member) =>
    isInGroup === null
      ? member.sensor === wanted || member.id === wanted
      : isInGroup(member) && canDo(member),
  );
  if (chosen.length === 0) throw nobody(members, wanted);
  const targets = chosen.map((member) => {
    return { name: member.sensor ?? member.id, address: addressOfMember(member) };
  });
  // A sensor that has just begun anew may be there twice: whoever is quicker answers.
  return [...new Map(targets.map((target) => [target.address, target])).values()];
}

function nobody(members: readonly KnownMember[], wanted: string): PicketError {
  const names = members.slice(0, NAMED_MAX).map(({ id, sensor, role }) => {
    return safeText(`${sensor ?? id} (${role})`);
  });
  const here =
    names.length === 0
      ? 'No process of this fleet is running.'
      : `Running: ${names.join(', ')}${members.length > NAMED_MAX ? ', ...' : ''}.`;
  return new PicketError(
    'command-failed',
    `There is no ${safeText(wanted)} to tell it. ${here} Name a sensor, a process as picket ` +
      `status shows it, or ${Object.keys(GROUPS).join(', ')}.`,
  );
}
