import { startProcessTargetTest } from '../../../../test/harness/process-target-setup.ts';
import { sessionContract } from '../sessions.contract.ts';

sessionContract('process target', startProcessTargetTest);
