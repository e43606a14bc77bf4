import { Secret } from '../../core/secret.ts';
import { fakeForge } from './fixtures/fake-forge.ts';
import { forges } from './forge-drivers.ts';
import { forgesContract, knownCommit } from './forges.contract.ts';

const bases = { github: '/api/v3', gitlab: '/api/v4', gitea: '/api/v1' } as const;

for (const kind of ['github', 'gitlab', 'gitea'] as const) {
  forgesContract(kind, async (token) => {
    const forge = await fakeForge(kind, token);
    forge.commits = [knownCommit];
    const reportAs = (shown: string) => (report: Parameters<typeof forges.report>[1], signal: AbortSignal) =>
      forges.report(
        { kind, api: `${forge.origin}${bases[kind]}`, path: 'acme/shop', token: new Secret(shown) },
        report,
        signal,
      );
    return {
      ...{ report: reportAs(token), reportAs, books: forge.books, knowsDeployments: kind !== 'gitea' },
      mood: (mood) => (forge.mood = mood),
      stop: () => forge.stop(),
      [Symbol.asyncDispose]: () => forge.stop(),
    };
  });
}
