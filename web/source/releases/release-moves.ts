import type {
  EnvironmentViewModel,
  ReleaseView,
  RolloutView,
} from '../../../src/capabilities/releases/releases-api.ts';

/** What a person can do with a release in an environment. */
export interface ReleaseMove {
  /** `deploy`: to an environment that is the first of its order. */
  readonly kind: 'deploy' | 'promote' | 'roll-back';
  readonly environment: string;
}

type Place = Pick<EnvironmentViewModel, 'environment' | 'after' | 'release' | 'previousRelease'>;

/**
 * Forward to where it does not serve yet and the environment before has verified it; back to where it served last.
 * Whether it is let in is for the gates to say.
 */
export function movesOf(
  release: Pick<ReleaseView, 'id' | 'number' | 'verifiedIn' | 'quarantine'>,
  places: readonly Place[],
  numberOf: (release: string) => number | null,
): readonly ReleaseMove[] {
  return places.flatMap((place): readonly ReleaseMove[] => {
    const { environment, after } = place;
    if (place.release === release.id) return [];
    if (place.previousRelease === release.id) return [{ kind: 'roll-back', environment }];
    const isKept = release.quarantine.some((each) => each.environment === environment);
    const isVerified = after === null || release.verifiedIn.includes(after);
    const serving = place.release === null ? null : numberOf(place.release);
    const isNewer = serving === null || release.number > serving;
    return isVerified && isNewer && !isKept ? [{ kind: after === null ? 'deploy' : 'promote', environment }] : [];
  });
}

/** `here`: it serves; `back`: it served before what serves now; `on`: it would come anew. */
export type ReleaseWay = 'here' | 'back' | 'on';

/** The kind of way that leads a release to an environment; whether it is open is for its plan and its gates to say. */
export function wayTo(
  release: Pick<ReleaseView, 'id' | 'number'>,
  place: Pick<Place, 'environment' | 'release'>,
  all: readonly Pick<ReleaseView, 'id' | 'number'>[],
  rollouts: readonly Pick<RolloutView, 'environment' | 'release' | 'liveAt'>[],
): ReleaseWay {
  if (place.release === release.id) return 'here';
  const serving = all.find((each) => each.id === place.release)?.number ?? null;
  const wasLive = rollouts.some(
    (rollout) => rollout.environment === place.environment && rollout.release === release.id && rollout.liveAt !== null,
  );
  return wasLive && serving !== null && release.number < serving ? 'back' : 'on';
}
