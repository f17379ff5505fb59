/** Programs by their name. The local WeCom and the demo come with the package, and not with the container image. */
import { inPackage } from '../kernel/package-root.js';
import type { Program } from './command.js';

const START: Program = {
  usage: 'start',
  summary: 'run the manager until a signal ends it',
  details: `Takes its settings from the environment, and from .env in the folder where it is started. Without any it
listens on http://127.0.0.1:7777 and keeps its data in ./data. SIGTERM lets it finish what is under way, and then it ends.`,
  options: {},
  examples: ['start'],
  file: inPackage('dist/main.js'),
};

const SIMULATOR: Program = {
  usage: 'simulator',
  summary: 'run a local WeCom, to try bots without an account at WeCom',
  details: '',
  options: {},
  examples: ['simulator'],
  file: inPackage('simulator/dist/main.js'),
  ownOptions: true,
};

const DEMO: Program = {
  usage: 'demo',
  summary: 'run a local WeCom, the manager and a bot that echoes, and see a message go through',
  details: `All of it runs on this machine, in a temporary folder, and is gone when it ends. Ctrl-C ends it.`,
  options: { once: { value: null, meaning: 'type one message itself, and end when the reply is there' } },
  examples: ['demo', 'demo --once'],
  file: inPackage('simulator/dist/demo/demo.js'),
};

export const PROGRAMS: Readonly<Record<string, Program>> = { start: START, simulator: SIMULATOR, demo: DEMO };
