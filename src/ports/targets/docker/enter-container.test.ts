import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { startDockerTargetTest } from '../../../../test/harness/docker-target-setup.ts';
import { sessionContract } from '../sessions.contract.ts';

const found = await findTestEngine();

sessionContract('docker target', () => startDockerTargetTest(found), found);
