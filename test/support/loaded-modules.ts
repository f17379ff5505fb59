/** For `NODE_OPTIONS`: has each module named that is loaded of OpenTelemetry, but for the interfaces alone, which prom-client wants. */
export const NAMES_OPENTELEMETRY = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      if (/@opentelemetry\\/(?!api\\/)/.test(url)) process.stderr.write('loaded ' + url + '\\n');
      return next(url, context);
    },
  });
`)}`;
