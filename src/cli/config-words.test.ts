import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigValueView, ConfigView } from '../capabilities/config/config-api.ts';
import { LotseError } from '../core/errors.ts';
import { configFromDotenv, exportConfig, pairsOf, placesOf } from './config-words.ts';
import { Output } from './output.ts';

function recorded(isJson = false) {
  const said = { stdout: '', stderr: '' };
  const out = new Output({
    stdout: { write: (text) => (said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text) },
    env: {},
    isJson,
  });
  return { out, said };
}

function row(variable: string, value: string | null, service: string | null = null): ConfigValueView {
  const source = { kind: 'default', place: 'config', line: 1 } as const;
  return {
    variable,
    service,
    value,
    source,
    type: 'string',
    required: true,
    description: null,
    runs: null,
    differs: false,
  };
}

const config: ConfigView = {
  ...{
    app: 'shop',
    environment: 'production',
    version: 1,
    release: 'r1-a',
    revision: null,
    undeclared: [],
    differs: false,
  },
  values: [row('LEVEL', 'info'), row('LEVEL', 'trace', 'web'), row('NOTE', null), row('MOTTO', 'a # b')],
};

test('the environment comes last, and a value may have = in it', () => {
  assert.deepEqual(pairsOf(['A=1', 'B=x=y', 'production'], {}), {
    environment: 'production',
    set: [
      { variable: 'A', value: '1', service: null },
      { variable: 'B', value: 'x=y', service: null },
    ],
  });
  assert.deepEqual(placesOf(['A', 'production'], { service: 'web' }).unset, [{ variable: 'A', service: 'web' }]);
  for (const words of [['production'], ['A=1'], ['A', 'production'], ['=1', 'production']]) {
    assert.throws(() => pairsOf(words, {}), LotseError, words.join(' '));
  }
});

test('what looks like a secret is refused, and its value is not said', () => {
  const words = ['DB_PASSWORD=correct-horse', 'production'];
  const isSilent = (thrown: unknown) =>
    thrown instanceof LotseError && !/horse/.test(`${thrown.message}${thrown.hint}`);
  assert.throws(() => pairsOf(words, {}), isSilent);
  assert.equal(pairsOf(words, { notSecret: true }).set.length, 1);
});

test('of a .env file secrets are left out by name, and with --only-declared what nobody declares', () => {
  const { out, said } = recorded();
  const text = 'LEVEL=debug\nAPI_TOKEN=abcdef\nOTHER=1\n';
  const names = (options: object) => configFromDotenv(text, config, options, out).map(({ variable }) => variable);
  assert.deepEqual(names({}), ['LEVEL', 'OTHER']);
  assert.deepEqual(names({ onlyDeclared: true }), ['LEVEL']);
  assert.match(said.stderr, /API_TOKEN looks like a secret/);
  assert.match(said.stderr, /OTHER is not declared/);
  assert.ok(!said.stderr.includes('abcdef'));
  assert.throws(() => configFromDotenv('# nothing\n', config, {}, out), LotseError);
});

test('what a service is given is written with its own values in place of those of all', () => {
  const [all, web, json] = [recorded(), recorded(), recorded(true)];
  exportConfig(config, null, all.out);
  exportConfig(config, 'web', web.out);
  exportConfig(config, null, json.out);
  assert.equal(all.said.stdout, "LEVEL=info\nMOTTO='a # b'\n");
  assert.equal(web.said.stdout, "LEVEL=trace\nMOTTO='a # b'\n");
  assert.deepEqual(JSON.parse(json.said.stdout), { LEVEL: 'info', MOTTO: 'a # b' });
});
