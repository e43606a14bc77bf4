import type { EnvironmentViewModel, ReleaseView } from '../../../src/capabilities/releases/releases-api.ts';

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
