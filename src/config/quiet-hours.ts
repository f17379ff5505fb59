import { z } from 'zod';

const FORMAT = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** Hours of each day; they may go over midnight. */
export class QuietHours {
  constructor(
    private readonly text: string,
    private readonly fromMinute: number,
    private readonly untilMinute: number,
  ) {}

  /** @param timeZone the time zone of the hours. */
  has(atMs: number, timeZone: string): boolean {
    const minute = minuteOfDay(atMs, timeZone);
    return this.fromMinute < this.untilMinute
      ? minute >= this.fromMinute && minute < this.untilMinute
      : minute >= this.fromMinute || minute < this.untilMinute;
  }

  /** For the log. */
  toJSON(): string {
    return this.text;
  }
}

export function quietHours() {
  const expected = 'two different times of day, such as 23:00-07:00';
  return {
    expected,
    schema: z
      .string()
      .transform((text, context) => {
        const [, fromHour, fromMinute, untilHour, untilMinute] = (FORMAT.exec(text) ?? []).map(Number);
        const from = Number(fromHour) * 60 + Number(fromMinute);
        const until = Number(untilHour) * 60 + Number(untilMinute);
        if (Number.isNaN(from) || from === until) {
          context.addIssue({
            code: 'custom',
            message: `expected ${expected}, got ${JSON.stringify(text)}`,
          });
        }
        return new QuietHours(text, from, until);
      })
      .optional(),
  };
}

export function timeZone() {
  const expected = 'a name of the IANA time zone database, such as Asia/Shanghai or UTC';
  return {
    expected,
    schema: z.string().refine(isTimeZone, {
      error: ({ input }) => `expected ${expected}, got ${JSON.stringify(input)}`,
    }),
  };
}

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function minuteOfDay(atMs: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const [hour = '', minute = ''] = format.format(atMs).split(':');
  return Number(hour) * 60 + Number(minute);
}
