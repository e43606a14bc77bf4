import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { startDockerTargetTest } from '../../../../test/harness/docker-target-setup.ts';
import { targetContract } from '../targets.contract.ts';

const found = await findTestEngine();

targetContract('docker target', () => startDockerTargetTest(found), found);
