// Runs after each `npm install` and `npm ci` in the clone (the `prepare` script of package.json).
import { fileURLToPath } from 'node:url';
import { linkOwnCommand } from './setup/own-command.mjs';

linkOwnCommand(fileURLToPath(new URL('..', import.meta.url)));
