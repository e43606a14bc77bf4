import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEnvironment } from '../../manifest/effective-service.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import { strategyOfDeploy, type SourcedDefinition } from './release-gates.ts';

function coming(strategy: string): SourcedDefinition {
  const manifestText = `app: shop\nprometheus: "http://${encodeURIComponent(strategy)}"\nservices: { web: { port: 1 } }\nenvironments: { production: { strategy: ${strategy} } }\n`;
  const text = { manifestText, hasDockerfile: false, checklists: {} };
  const manifest = parseManifest(manifestText, { file: 'lotse.yaml', hasDockerfile: false });
  return { text, definition: findEnvironment(manifest, 'production') };
}

const canary = coming('{ canary: [1%, 5%], watch: 1h }');

test('a first deploy and a stricter one go by the strategy that they bring', () => {
  assert.deepEqual(strategyOfDeploy(null, canary).strategy, canary.definition.strategy);
  const stricter = coming('{ canary: [1%, 5%, 25%], watch: 1h }');
  assert.deepEqual(strategyOfDeploy(canary, stricter).strategy, stricter.definition.strategy);
});

test('a deploy that removes the canary is a canary still, and asks where that one asked', () => {
  const { strategy, prometheus } = strategyOfDeploy(canary, coming('{ name: blue-green, watch: 2h }'));
  assert.deepEqual(strategy, { ...canary.definition.strategy, watchMs: 7_200_000 });
  assert.equal(prometheus, canary.definition.prometheus);
});

test('a deploy with a shorter watch goes by its own strategy and the longer watch', () => {
  const { strategy } = strategyOfDeploy(canary, coming('{ canary: [1%, 5%, 50%], watch: 5m }'));
  assert.deepEqual([strategy.canary, strategy.watchMs], [{ kind: 'shares', permille: [10, 50, 500] }, 3_600_000]);
});
