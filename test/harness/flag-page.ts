import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';

/**
 * What a page does with flags, as a process: writes the flag `menu` as a line, first and after each change that it hears
 * of. Started with `--experimental-eventsource`, since Node.js has what browsers have behind that option.
 */
const [baseUrl = ''] = process.argv.slice(2);
// Its types leave open whether there are hooks; those of the SDK do not.
const provider = Object.assign(new OFREPWebProvider({ baseUrl, cacheMode: 'disabled' }), { hooks: [] });
await OpenFeature.setContext({ targetingKey: 'u', email: 'me@home.example' });
await OpenFeature.setProviderAndWait(provider);
const page = OpenFeature.getClient();
const tell = () => console.log(page.getStringValue('menu', 'code'));
tell();
page.addHandler(ProviderEvents.ConfigurationChanged, tell);
process.stdin.resume().once('end', () => process.exit(0));
