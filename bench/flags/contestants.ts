import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compileFlag } from '../../src/flags/compile-flag.ts';
import { parseDefinitions } from '../../src/flags/parse-definitions.ts';
import { countriesOf, flagdFlags, flagNames, type Visitor } from './flag-sets.ts';

/** Who evaluates: answers with the variant, and has value and reason beside it. */
export interface Contestant {
  readonly name: string;
  readonly evaluate: (flag: number, visitor: Visitor) => string;
  readonly close?: () => void;
}

const peers = createRequire(fileURLToPath(new URL('peers/package.json', import.meta.url)));

export function ours(count: number): Contestant {
  const set = parseDefinitions(JSON.stringify(flagdFlags(count)));
  const flags = [...set.flags].map(([key, flag]) => compileFlag(key, flag, set.metadata));
  const now = Date.now();
  return {
    name: 'Lotse',
    evaluate(flag, visitor) {
      const resolution = flags[flag]?.(visitor, now);
      return resolution?.reason === 'ERROR' ? '' : (resolution?.variant ?? '');
    },
  };
}

/** Those whose packages are there; the others are named. */
export async function others(count: number): Promise<{ found: readonly Contestant[]; missing: readonly string[] }> {
  const makers = { 'flagd-core': flagdCore, 'unleash-client': unleash, GrowthBook: growthBook };
  const found: Contestant[] = [];
  const missing: string[] = [];
  for (const [name, make] of Object.entries(makers)) {
    try {
      found.push(await make(name, count));
    } catch (error) {
      missing.push(`${name} (${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)})`);
    }
  }
  return { found, missing };
}

const callable = z.custom<(...args: readonly unknown[]) => unknown>((value) => typeof value === 'function');
const variantOf = z.looseObject({ variant: z.string() });

/** A class of a package of the bench's own, without its types. */
function construct(packageName: string, className: string, ...args: readonly unknown[]): object {
  const loaded: unknown = peers(packageName);
  const found: unknown = Reflect.get(Object(loaded), className);
  return Reflect.construct(callable.parse(found), args);
}

/** A method as a function that is as quick to call as the method. */
function method(of: object, name: string): (...args: readonly unknown[]) => unknown {
  return callable.parse(Reflect.get(of, name)).bind(of);
}

async function flagdCore(name: string, count: number): Promise<Contestant> {
  const quiet = { error() {}, warn() {}, info() {}, debug() {} };
  const core = construct('@openfeature/flagd-core', 'FlagdCore', undefined, quiet);
  method(core, 'setConfigurations')(JSON.stringify(flagdFlags(count)));
  const resolve = method(core, 'resolveBooleanEvaluation');
  const keys = flagNames(count);
  variantOf.parse(resolve(keys[0], false, { targetingKey: 'a', country: 'de' }));
  return { name, evaluate: (flag, visitor) => fieldOf(resolve(keys[flag], false, visitor), 'variant') };
}

async function unleash(name: string, count: number): Promise<Contestant> {
  const share = (variant: string, weight: number) => ({
    name: variant,
    weight,
    stickiness: 'userId',
    weightType: 'fix',
  });
  const rollout = (flag: string) => ({ rollout: '100', stickiness: 'userId', groupId: flag });
  const features = flagNames(count).map((flag, index) => ({
    ...{ name: flag, enabled: true, type: 'release', variants: [] },
    strategies: [
      {
        ...{ name: 'flexibleRollout', parameters: rollout(flag), variants: [share('on', 1000)] },
        constraints: [{ contextName: 'country', operator: 'IN', values: countriesOf(index), inverted: false }],
      },
      {
        ...{ name: 'flexibleRollout', parameters: rollout(flag), constraints: [] },
        variants: [share('on', 250), share('off', 750)],
      },
    ],
  }));
  const client = construct('unleash-client', 'Unleash', {
    ...{ appName: 'bench', url: 'http://127.0.0.1:9/api/', disableMetrics: true, refreshInterval: 0 },
    ...{ bootstrap: { data: features }, skipInstanceCountWarning: true },
  });
  method(client, 'on')('error', () => {});
  method(client, 'on')('warn', () => {});
  await new Promise((resolve) => setTimeout(resolve, 300));
  const getVariant = method(client, 'getVariant');
  const keys = flagNames(count);
  const evaluate = (flag: number, { targetingKey, country, plan }: Visitor) =>
    fieldOf(getVariant(keys[flag], { userId: targetingKey, properties: { country, plan } }), 'name');
  if (evaluate(0, { targetingKey: 'a', country: 'de', plan: 'pro' }) !== 'on') throw new Error('it has no flags');
  return { name, evaluate, close: () => void method(client, 'destroy')() };
}

async function growthBook(name: string, count: number): Promise<Contestant> {
  const features = flagNames(count).map((flag, index) => [
    flag,
    {
      defaultValue: 'off',
      rules: [
        { condition: { country: { $in: countriesOf(index) } }, force: 'on' },
        { variations: ['on', 'off'], weights: [0.25, 0.75], hashAttribute: 'id', key: flag },
      ],
    },
  ]);
  const client = construct('@growthbook/growthbook', 'GrowthBookClient', {});
  method(client, 'initSync')({ payload: { features: Object.fromEntries(features) } });
  const evalFeature = method(client, 'evalFeature');
  const keys = flagNames(count);
  const evaluate = (flag: number, { targetingKey, country, plan }: Visitor) =>
    fieldOf(evalFeature(keys[flag], { attributes: { id: targetingKey, country, plan } }), 'value');
  if (evaluate(0, { targetingKey: 'a', country: 'de', plan: 'pro' }) !== 'on') throw new Error('it has no flags');
  return { name, evaluate };
}

function fieldOf(result: unknown, field: string): string {
  return typeof result === 'object' && result !== null ? String(Reflect.get(result, field)) : '';
}
