import type { Builder } from '../../ports/builders/builders.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';

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
      return await Promise.all(
        wanted.map(async (revision) => {
          const found = await builder.find(revision.artifact);
          const message = found
            ? `The artifact of ${revision.release} is there.`
            : `The artifact of ${revision.release} (${revision.artifact.slice(0, 19)}…) is gone; deploy its commit again to build it.`;
          return {
            id: 'artifact',
            title: `artifact of ${revision.release}`,
            proven: found !== null,
            message,
            seen: revision.artifact,
          };
        }),
      );
    },
    steps: () => Promise.resolve([]),
  };
}
