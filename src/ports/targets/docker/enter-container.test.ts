import { findTestEngine } from '../../../../test/harness/docker-engine.ts';
import { startDockerTargetTest } from '../../../../test/harness/docker-target-setup.ts';
import { oneOffContract, sessionContract } from '../sessions.contract.ts';

const found = await findTestEngine();

sessionContract('docker target', () => startDockerTargetTest(found), found);
oneOffContract('docker target', () => startDockerTargetTest(found), found);
