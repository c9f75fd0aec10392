/** What the schema accepts, where it is asked without the schema. */

export const HOME_NETS_MAX = 256;
export const OBSERVERS = ['auto', 'native', 'typescript'] as const;
