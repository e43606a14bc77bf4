import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemActor } from '../../core/events.ts';
import { parseDefinitions } from '../../flags/parse-definitions.ts';
import { EnvironmentFlags } from './environment-flags.ts';
import type { LiveStateView } from './flags-api.ts';

const menu = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' };
const { flags: parsed, metadata: setMetadata } = parseDefinitions(JSON.stringify({ flags: { menu } }));
const known = new Map([...parsed].map(([flag, definition]) => [flag, { release: 'r1', definition, setMetadata }]));

function state(version: number, switched: 'on' | 'off'): LiveStateView {
  return { version, switched, defaultVariant: null, percentages: null, changedAt: version, changedBy: systemActor };
}

it('what is read late takes nothing back that was said meanwhile', () => {
  const flags = new EnvironmentFlags(Date.now);
  flags.replace(known, new Map([['menu', state(1, 'on')]]));
  flags.change('menu', state(2, 'off'));
  flags.replace(known, new Map([['menu', state(1, 'on')]]));
  assert.equal(flags.evaluate('menu', {})?.reason, 'DISABLED');
  flags.change('menu', state(1, 'on'));
  assert.equal(flags.evaluate('menu', {})?.reason, 'DISABLED');
  flags.close();
});

it('a change is told once, and what changes nothing is not told', () => {
  const flags = new EnvironmentFlags(Date.now);
  flags.replace(known, new Map());
  let told = 0;
  const stop = flags.onChange(() => (told += 1));
  flags.change('menu', state(1, 'off'));
  flags.change('menu', state(2, 'off'));
  flags.replace(known, new Map());
  assert.equal(told, 1);
  stop();
  flags.change('menu', state(3, 'on'));
  assert.equal(told, 1);
  flags.close();
});
