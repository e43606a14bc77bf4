import { targetContract } from '../targets.contract.ts';
import { startProcessTargetTest } from '../../../../test/harness/process-target-setup.ts';

targetContract('process target', startProcessTargetTest);
