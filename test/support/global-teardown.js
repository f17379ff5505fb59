import { stopMongo } from './global-setup.js';

export default stopMongo;
