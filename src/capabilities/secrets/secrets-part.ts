import { createHash } from 'node:crypto';
import type { Scope, UnixMs } from '../../core/ids.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Revision } from '../../rollout/release.ts';
import { expiryWarning } from './secret-terms.ts';
import type { FoundSecret } from './secret-values.ts';

interface PartSources {
  /** Reads what starts of the revision would be given. */
  readonly find: (revision: Revision) => Promise<readonly FoundSecret[]>;
  /** When values end elsewhere, by name. */
  readonly terms: (scope: Scope) => Promise<ReadonlyMap<string, UnixMs>>;
  readonly now: () => UnixMs;
  /** Of the store, for people. */
  readonly from: string;
}

/**
 * Secrets as a part of releases: their names travel, their values belong to the environment. A rollback starts with the
 * value in force, so the way back is proven when every name that either side wants has one.
 */
export function secretsPart(sources: PartSources): ReleasePart {
  return {
    name: 'secrets',
    title: 'the secrets have values',
    resolve: (_scope, { id }) => Promise.resolve({ version: id }),
    async diff(from, to) {
      const [before, after] = [from?.secretNames ?? [], to.secretNames];
      const line = (what: string, isWanted: boolean) => ({
        ...{ part: 'secrets', what },
        ...(isWanted ? { from: null, to: 'wanted' } : { from: 'wanted', to: null }),
      });
      return [
        ...after.filter((name) => !before.includes(name)).map((name) => line(name, true)),
        ...before.filter((name) => !after.includes(name)).map((name) => line(name, false)),
      ];
    },
    async prove({ from, to }) {
      const wanted = from === null ? [to] : [from, to];
      return await Promise.all(wanted.map((revision) => proof(sources, revision)));
    },
    steps: () => Promise.resolve([]),
  };
}

/** Read, not only looked up: a value that cannot be opened starts nothing. */
async function proof({ find, terms, now, from }: PartSources, revision: Revision) {
  const found = (await find(revision)).map(({ name, held, problem }) => ({
    ...{ name, version: held?.version ?? null, problem: problem?.message ?? null },
  }));
  const missing = found.filter(({ version, problem }) => version === null && problem === null).map(({ name }) => name);
  const problems = [...new Set(found.flatMap(({ problem }) => (problem === null ? [] : [`${problem}.`])))];
  const impossible = noFilesThere(revision);
  const isProven = missing.length + problems.length + impossible.length === 0;
  const warning = expiryWarning(await terms(revision), revision.secretNames, now());
  const words = isProven
    ? readable(revision, from)
    : [...problems, ...missingSentences(revision, missing), ...impossible];
  return {
    id: 'secrets',
    title: `secrets of ${revision.release}`,
    proven: isProven,
    message: [...words, ...warning].join(' '),
    seen: createHash('sha256').update(JSON.stringify(found)).digest('hex'),
  };
}

function missingSentences({ release, environment }: Revision, names: readonly string[]): readonly string[] {
  const [first] = names;
  if (first === undefined) return [];
  const have = names.length === 1 ? 'which has' : 'which have';
  return [
    `${release} wants ${names.join(', ')}, ${have} no value in ${environment}:`,
    `\`lotse secret set ${first} ${environment}\`.`,
  ];
}

/** That they can be read, and by whom else on the machines where they are used. */
function readable({ release, secretNames, services, target }: Revision, from: string): readonly string[] {
  if (secretNames.length === 0) return [`${release} wants no secret.`];
  const [first] = secretNames;
  const what = secretNames.length === 1 ? `The secret ${first}` : `All ${secretNames.length} secrets`;
  const inFiles = services.filter(({ secretsAs }) => secretsAs === 'files').map(({ service }) => service);
  const as = inFiles.length === 0 ? '' : ` (${inFiles.join(', ')}: as files in memory; all else: as variables)`;
  const who =
    target === 'docker' ? 'root, the group docker and the instances themselves' : 'root and the instances themselves';
  return [
    `${what} of ${release} can be read (${from}).`,
    `Where ${secretNames.length === 1 ? 'it is' : 'they are'} used, ${who} can read ${secretNames.length === 1 ? 'it' : 'them'}${as}.`,
  ];
}

/** Found before anything starts. */
function noFilesThere({ release, servers = [], services }: Revision): readonly string[] {
  const service = services.find(({ secretsAs }) => secretsAs === 'files');
  if (servers.length === 0 || service === undefined) return [];
  return [`${release} wants secrets of ${service.service} as files, which is not built for other machines yet.`];
}
