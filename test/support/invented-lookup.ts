/**
 * Loaded into a process before anything else: answers for the names of the file `INVENTED_NAMES` as that says
 * at the moment, and leaves all others and the sockets to the system. Node strips its types by itself.
 */
import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isIP, type LookupFunction } from 'node:net';

const ofTheSystem = dns.lookup as LookupFunction;

const lookup: LookupFunction = (name, options, done) => {
  const names = JSON.parse(readFileSync(process.env.INVENTED_NAMES ?? '', 'utf8'));
  if (!Object.hasOwn(names, name)) return ofTheSystem(name, options, done);
  const found = (names[name] as string[]).map((address) => ({ address, family: isIP(address) }));
  process.nextTick(() => {
    const [first] = found;
    if (first === undefined)
      done(Object.assign(new Error(`no address of ${name}`), { code: 'ENOTFOUND' }), []);
    else if (options.all) done(null, found);
    else done(null, first.address, first.family);
  });
};

Object.assign(dns, { lookup });
syncBuiltinESMExports();
