import type { RevisionId, ServiceName } from '../../src/core/ids.ts';
import { randomOf } from './random.ts';

/** How a release turns out to be, once it runs. */
export const qualities = [
  'good',
  'slow',
  'flapping',
  'crashes-once',
  'does-not-start',
  'never-ready',
  'verification-fails',
  'fails-in-public',
  'artifact-gone',
  'crashes-later',
  'unready-later',
  'fails-users',
  'slows-users',
  'hangs-users',
  'migration-fails',
] as const;
/** Its users notice nothing; only a signal tells. */
export type Quality = (typeof qualities)[number] | 'sells-less';

/** These never get as far as users, wherever there is a verification. */
export const hopeless = [
  'does-not-start',
  'never-ready',
  'artifact-gone',
  'verification-fails',
] as const satisfies readonly Quality[];
/** These serve well enough to settle. */
export const sound = ['good', 'slow', 'flapping', 'crashes-once'] as const satisfies readonly Quality[];
/** These come up and pass their verification; only users find out. */
export const harmful = ['fails-users', 'slows-users', 'hangs-users'] as const satisfies readonly Quality[];
/** What these do follows from no moment, so neither does the end of their rollout. */
export const steady = ['good', 'slow', ...hopeless] as const;

/** What one attempt of one slot does, in milliseconds after its start; null: it never does. */
export interface Life {
  readonly readyAfterMs: number | null;
  readonly exitAfterMs: number | null;
  /** From when and for how long it says that it is not ready. */
  readonly unready: readonly { readonly fromMs: number; readonly forMs: number }[];
}

/** How one release treats its users. */
export interface Manners {
  /** Parts of requests that fail or are never answered, beside those that fail anyway; and how many times slower it is. */
  readonly failing: number;
  readonly hanging: number;
  readonly slower: number;
  /** The part of its users that meet all this: some use only what works. */
  readonly meets: number;
}

const fine: Manners = { failing: 0, hanging: 0, slower: 1, meets: 1 };

/** The same whenever it is asked. */
export function mannersOf(seed: number, quality: Quality, revision: RevisionId): Manners {
  const random = randomOf(seed, 'manners', revision);
  const meets = random.pick([1, 1, 0.5]);
  switch (quality) {
    case 'fails-users':
      return { ...fine, meets, failing: random.pick([0.1, 0.3, 0.6, 1]) };
    case 'hangs-users':
      return { ...fine, meets, hanging: random.pick([0.1, 0.3, 0.5, 1]) };
    case 'slows-users':
      return { ...fine, meets, slower: random.pick([2, 4, 10]) };
    default:
      return fine;
  }
}

export interface Place {
  readonly revision: RevisionId;
  readonly service: ServiceName;
  readonly slot: number;
  readonly attempt: number;
}

export function isOneOf(qualitiesInQuestion: readonly Quality[], quality: Quality): boolean {
  return qualitiesInQuestion.includes(quality);
}

/** The same for the same place, whenever it is asked: a crash of the control plane changes nothing about the app. */
export function lifeOf(seed: number, quality: Quality, place: Place): Life {
  const random = randomOf(seed, place.revision, place.service, place.slot, place.attempt);
  const readyAfterMs = random.between(30, 250);
  const well: Life = { readyAfterMs, exitAfterMs: null, unready: [] };
  switch (quality) {
    case 'good':
    case 'verification-fails':
    case 'fails-in-public':
    case 'artifact-gone':
    case 'fails-users':
    case 'slows-users':
    case 'hangs-users':
    case 'migration-fails':
    case 'sells-less':
      return well;
    case 'slow':
      return { ...well, readyAfterMs: random.between(600, 2_000) };
    case 'flapping':
      return { ...well, unready: [0, 1, 2, 3].map((nth) => flap(readyAfterMs + 1_500 * nth + random.between(0, 900))) };
    case 'crashes-once': {
      const isOne = place.slot === 0 && place.attempt === 1 && place.service === 'web';
      return isOne ? { ...well, exitAfterMs: readyAfterMs + random.between(50, 3_000) } : well;
    }
    case 'does-not-start':
      return { readyAfterMs: null, exitAfterMs: random.between(20, 90), unready: [] };
    case 'never-ready':
      return { readyAfterMs: null, exitAfterMs: null, unready: [] };
    case 'crashes-later':
      return { ...well, exitAfterMs: readyAfterMs + random.between(300, 4_000) };
    case 'unready-later':
      return { ...well, unready: [{ fromMs: readyAfterMs + random.between(300, 4_000), forMs: Infinity }] };
  }
}

function flap(fromMs: number) {
  return { fromMs, forMs: 60 + (fromMs % 200) };
}
