import { describe } from 'node:test';
import { startDockerBuilderTest } from '../../../../test/harness/docker-builder-setup.ts';
import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { builderContract } from '../builders.contract.ts';

const found = await findTestEngine();
if (found.skip !== false) console.log(`skipped: ${found.skip}`);

describe('on a Docker engine', { skip: found.skip }, () => {
  builderContract('docker builder', () => startDockerBuilderTest(found));
});
