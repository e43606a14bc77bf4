import { z } from 'zod';
import { route, type Route } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import type { Scope, UnixMs } from '../../core/ids.ts';
import { Secret } from '../../core/secret.ts';
import { buildPlace, devEnvironment, namePattern, reservedVariable, variablePattern } from '../../manifest/names.ts';
import type { SecretPlace, SecretStore } from '../../ports/secrets/secrets.ts';
import type { SecretRotation } from './secret-rotation.ts';
import * as api from './secrets-api.ts';

const routes = api.secretRoutes;

interface RouteParts {
  readonly store: SecretStore;
  readonly rotation: SecretRotation;
  readonly terms: (scope: Scope) => Promise<ReadonlyMap<string, UnixMs>>;
  readonly check: () => Promise<api.SecretStoreView>;
}

/** A value may be given before the first release: nothing starts without it. */
export function routesOfSecrets(parts: RouteParts): readonly Route[] {
  return [...readingRoutes(parts), ...changingRoutes(parts)];
}

function readingRoutes({ store, rotation, terms, check }: RouteParts): readonly Route[] {
  return [
    route({
      at: routes.listSecrets,
      summary: 'Names and versions of the secrets of an environment; never a value',
      role: 'viewer',
      answer: z.array(api.knownSecret),
      async handle({ params }) {
        const [known, rotations, ends] = await Promise.all([store.list(params), rotation.open(params), terms(params)]);
        return known.map((secret) => ({
          ...secret,
          oldVersion: rotations.find(({ name }) => name === secret.name)?.oldVersion ?? null,
          expiresAt: ends.get(secret.name) ?? null,
        }));
      },
    }),
    route({
      at: routes.checkStore,
      summary:
        'Whether the secrets of this control plane can be read: is the key of the vault there, and the right one?',
      role: 'operator',
      answer: api.secretStore,
      handle: check,
    }),
  ];
}

function changingRoutes({ rotation }: RouteParts): readonly Route[] {
  return [
    route({
      at: routes.setSecret,
      summary: 'Gives a secret a value, which the next start of an instance gets',
      role: 'operator',
      body: api.secretValue,
      answer: api.knownSecret,
      async handle({ params, body, actor }) {
        checkPlace(params);
        const known = await rotation.set(params, { ...body, value: new Secret(body.value) }, actor);
        return { ...known, oldVersion: null, expiresAt: body.expiresAt };
      },
    }),
    route({
      at: routes.rotateSecret,
      summary: 'Gives a secret a new value; the old one stays valid until a rollout with the new one settles',
      role: 'operator',
      body: api.secretValue,
      answer: api.secretRotation,
      async handle({ params, body, actor }) {
        checkPlace(params);
        refuseForBuilds(params);
        const rotated = await rotation.rotate(params, { ...body, value: new Secret(body.value) }, actor);
        return { ...rotated, newVersion: rotated.newVersion ?? '' };
      },
    }),
    route({
      at: routes.removeSecret,
      summary: 'Removes the value of a secret; what runs keeps it',
      role: 'operator',
      query: api.secretRemoval,
      answer: z.void(),
      async handle({ params, query, actor }) {
        await rotation.remove(params, actor, query.reason);
      },
    }),
  ];
}

function checkPlace({ app, environment, name }: SecretPlace): void {
  if (!namePattern.test(app) || !namePattern.test(environment)) {
    throw new LotseError('bad-input', `${app}/${environment} cannot be an app and its environment`);
  }
  if (environment === devEnvironment) {
    throw new LotseError('bad-input', `${devEnvironment} is the working tree: it is given no secrets`);
  }
  if (!variablePattern.test(name)) {
    throw new LotseError('bad-input', `${JSON.stringify(name)} cannot be the name of a secret`, {
      hint: 'Instances get it as a variable: letters, digits and _, not first a digit, at most 80 of them.',
    });
  }
  const reserved = reservedVariable(name);
  if (reserved !== null) throw new LotseError('bad-input', `${name} cannot be a secret: ${reserved}`);
}

/** No rollout would ever end it. */
function refuseForBuilds({ environment, name }: SecretPlace): void {
  if (environment !== buildPlace) return;
  throw new LotseError(
    'bad-input',
    `${name} is given to builds, and each takes the value in force: there is nothing to rotate`,
    {
      hint: `Replace it at once: \`lotse secret set ${name} ${buildPlace}\`.`,
    },
  );
}
