import packageJson from '../../package.json' with { type: 'json' };

/** Of this command line, and of the control plane that it comes with: `0.1.0`. */
export const packageVersion: string = packageJson.version;
