/** Every bound of the correlator, with its reason. */
export const limits = {
  /**
   * Incidents open at once. A site sees a few hundred scanning sources in ten minutes; a spoofed
   * flood raises noise kinds, which open none.
   */
  incidentsMax: 16_384,
  /** Distinct targets, and distinct ports, kept by one incident: a /20, or Nmap's -p 1-4096. */
  scopeSetMax: 4_096,
  /** Distinct exposed services kept by one incident: as many as targets, or as ports. */
  exposedMax: 4_096,
  /**
   * Members of all those sets together, over all incidents: at about 100 bytes each 50 MB. When it
   * is used up, scopes become estimates, and that is counted.
   */
  scopeMembersMax: 500_000,
  /**
   * Finding ids listed by one incident as its evidence: the kinds of one source, a few times over.
   */
  evidenceMax: 256,
  /** Sources of one incident: Nmap takes 128 decoys, a source range may be a /24. */
  actorsMax: 512,
  /** Reasons why an incident's sources belong together. */
  linksMax: 16,
  /** Ended breadth scans whose findings are remembered for a day, to tell who uses them. */
  learnedMax: 64,
  /** Open scans that a source's knowledge is looked for in, the latest. */
  informersMax: 32,
  /** Tool names of one incident; there are about twenty known ones. */
  toolsMax: 32,
  /** Ports and targets printed in an event. */
  topPortsMax: 20,
  targetsListedMax: 256,
  exposedListedMax: 1_024,
} as const;
