// Writes the compiled plans of the tests anew, after they were meant to change: node scripts/write-plan-texts.ts. Then read the difference.
import { writeFileSync } from 'node:fs';
import { planTexts } from '../src/rollout/fixtures/plan-cases.ts';

writeFileSync(new URL('../src/rollout/fixtures/plans.txt', import.meta.url), planTexts());
