/**
 * The packet side's name for the one hash, which lives with the batch format that depends on it.
 */
export { finish, HASH_SEED, mix } from '../../../plugin-api/src/hash.js';
