import type { Builder } from '../../ports/builders/builders.ts';
import type { ProofItem, ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Revision } from '../../rollout/release.ts';

/** The built thing: the way back needs the old one by digest, and that nothing collects it. */
export function artifactPart(builder: Builder): ReleasePart {
  return {
    name: 'artifact',
    title: 'the old artifact is there',
    resolve: (_scope, release) => Promise.resolve({ version: release.artifact }),
    diff: (from, to) =>
      Promise.resolve(
        from?.artifact === to.artifact
          ? []
          : [{ part: 'artifact', what: 'artifact', from: from?.artifact ?? null, to: to.artifact }],
      ),
    async prove({ from, to }) {
      const wanted = from === null ? [to] : [from, to];
      return await Promise.all(wanted.map((revision) => proof(builder, revision)));
    },
    steps: () => Promise.resolve([]),
  };
}

async function proof(builder: Builder, { release, artifact: digest }: Revision): Promise<ProofItem> {
  const found = await builder.find(digest);
  const why = found === null ? `is gone (${digest.slice(0, 19)}…)` : unfitWords(builder.unfit(found));
  const message =
    why === null
      ? `The artifact of ${release} is there.`
      : `The artifact of ${release} ${why}; deploy its commit again to build it.`;
  return { id: 'artifact', title: `artifact of ${release}`, proven: why === null, message, seen: digest };
}

function unfitWords(why: string | null): string | null {
  return why === null ? null : `cannot run here: ${why}`;
}
