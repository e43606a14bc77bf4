import { startProcessTargetTest } from '../../../../test/harness/process-target-setup.ts';
import { oneOffContract, sessionContract } from '../sessions.contract.ts';

sessionContract('process target', startProcessTargetTest);
oneOffContract('process target', startProcessTargetTest);
