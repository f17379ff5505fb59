import { defineNamespace } from '../../config/namespace.js';

/** How long the delivery log is kept. */
export const insightConfig = defineNamespace('insight', ({ deliveryLogDays }) => ({ deliveryLogDays }));
