import { toLotseError } from '../../core/errors.ts';
import type { ArtifactDigest } from '../../core/ids.ts';
import type { TargetName } from '../../manifest/app-manifest.ts';
import type { Builders } from '../../ports/builders/builders.ts';
import type { ProofItem, ReleasePart } from '../../ports/release-part/release-part.ts';
import { isReleaseZero } from '../../rollout/release-zero.ts';
import type { Revision } from '../../rollout/release.ts';

/** The built thing: the way back needs the old one by digest, and that nothing collects it. */
export function artifactPart(builders: Builders): ReleasePart {
  return {
    name: 'artifact',
    title: 'the old artifact is there',
    resolve: (_scope, release) => Promise.resolve({ version: release.artifact }),
    diff: (from, to) =>
      Promise.resolve(
        from?.artifact === to.artifact
          ? []
          : [
              {
                part: 'artifact',
                what: 'artifact',
                from: from?.artifact ?? null,
                to: isReleaseZero({ revision: to.id, release: to.release }) ? null : to.artifact,
              },
            ],
      ),
    async prove({ from, to }) {
      const wanted = from === null ? [to] : [from, to];
      return await Promise.all(wanted.map((revision) => proof(builders, revision)));
    },
    steps: () => Promise.resolve([]),
  };
}

async function proof(builders: Builders, revision: Revision): Promise<ProofItem> {
  const { release, artifact: digest } = revision;
  const lack = await findLack(builders, revision);
  const message =
    lack === null ? `The artifact of ${release} is there.` : `The artifact of ${release} ${lack.why} ${lack.advice}`;
  return { id: 'artifact', title: `artifact of ${release}`, proven: lack === null, message, seen: digest };
}

/** Two ends of sentences that begin with the artifact. */
export interface ArtifactLack {
  readonly why: string;
  /** What to do: a sentence. */
  readonly advice: string;
}

const buildAgain = 'Deploy its commit again: that builds it.';

/** Why nothing could be started from the artifact here; null: it is there, and fits this machine. */
export async function findLack(
  builders: Builders,
  { target, artifact }: { readonly target: TargetName; readonly artifact: ArtifactDigest },
): Promise<ArtifactLack | null> {
  try {
    const builder = await builders.of(target);
    const found = await builder.find(artifact);
    if (found === null) return { why: `is gone (${artifact.slice(0, 19)}…).`, advice: buildAgain };
    const unfit = builder.unfit(found);
    return unfit === null ? null : { why: `cannot run here: ${unfit}.`, advice: buildAgain };
  } catch (error) {
    const { message, hint = 'Try it again when that has passed.' } = toLotseError(error);
    return { why: `cannot be looked for: ${message}`, advice: hint };
  }
}
