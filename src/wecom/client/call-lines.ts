/**
 * The lines in which the calls of a corp wait, the first to go first. WeCom takes most codes for 20 s
 * (developer.work.weixin.qq.com/document/path/95122), so calls that spend a code have a line of their own.
 */
export const LINES = ['codes', 'others'] as const;
export type CallLine = (typeof LINES)[number];

export function lineOf(api: string): CallLine {
  return api.toLowerCase() === 'kf/send_msg_on_event' ? 'codes' : 'others';
}
