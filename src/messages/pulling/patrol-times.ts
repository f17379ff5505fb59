/**
 * How often accounts are looked at for which no event came.
 *
 * A customer who talks with a bot waits for an answer, so an account with customers of late is looked at a minute after its last
 * pull. Any other one after five: most of these looks find nothing, and a customer who writes for the first time today waits five
 * minutes at most. WeCom allows some nine pulls without a sync token in a minute, for a whole corp
 * (developer.work.weixin.qq.com/document/path/94670), of which the patrol takes three: see `RESYNCS_OF_PATROL`. So up to 15 accounts
 * of a corp are looked at in time, and 5,000, as many as a corp may have, within 28 h, or 56 h where others have customers of late:
 * before the three days are over for which WeCom keeps messages.
 */
export const PATROL_TIMES = {
  roundMs: 10_000,
  /** After the last pull of an account with customers of late. */
  lateQuietMs: 60_000,
  /** After the last pull of any other account. */
  quietMs: 300_000,
  /**
   * How long an event may come after a pull has found its messages. WeCom sends events within some seconds, and once more when
   * it had no answer for 5 s, up to three times (path/90238). Less than `lateQuietMs`: a pull within this time counts as told.
   */
  settleMs: 30_000,
};
