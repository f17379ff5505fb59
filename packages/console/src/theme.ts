/** Colours and sizes, once for Ant Design and for `styles.css`, which reads them as `--ant-*` variables. */
import { theme as antd, type ThemeConfig } from 'antd';

export type Shade = 'light' | 'dark';
export const SHADES: readonly Shade[] = ['light', 'dark'];

/** The class of the document under which the variables of a shade are defined. */
export function classOf(shade: Shade): string {
  return `wxkf-${shade}`;
}

/** All texts have a contrast of 4.5 or more on the surfaces that they stand on (WCAG 2.2, 1.4.3). */
const COLOURS = {
  light: {
    colorPrimary: '#1f5fd0',
    colorPrimaryHover: '#17489f',
    colorLink: '#1f5fd0',
    colorLinkHover: '#17489f',
    colorInfo: '#1f5fd0',
    colorSuccess: '#136b39',
    colorWarning: '#855500',
    colorError: '#b3202b',
    colorSuccessBg: '#e5f5eb',
    colorWarningBg: '#fdf4df',
    colorErrorBg: '#fdecec',
    colorSuccessBorder: '#2c9a5c',
    colorWarningBorder: '#d9970f',
    colorErrorBorder: '#d8434d',
    colorText: '#18202a',
    colorTextSecondary: '#55606d',
    colorTextTertiary: '#55606d',
    colorTextDescription: '#55606d',
    colorTextPlaceholder: '#626d79',
    colorBgLayout: '#f4f5f7',
    colorBorder: '#8a95a1',
    colorBorderSecondary: '#e0e4e9',
  },
  dark: {
    colorPrimary: '#2d6be0',
    colorPrimaryHover: '#2458c4',
    colorLink: '#8fb6ff',
    colorLinkHover: '#b9d2ff',
    colorInfo: '#8fb6ff',
    colorSuccess: '#5fd38d',
    colorWarning: '#f2bd5a',
    colorError: '#ff9590',
    colorSuccessBg: '#12291c',
    colorWarningBg: '#2e2410',
    colorErrorBg: '#361718',
    colorSuccessBorder: '#2f8a56',
    colorWarningBorder: '#a87a1d',
    colorErrorBorder: '#b3474a',
    colorText: '#e7ebf0',
    colorTextSecondary: '#a5b0bc',
    colorTextTertiary: '#a5b0bc',
    colorTextDescription: '#a5b0bc',
    colorTextPlaceholder: '#a5b0bc',
    colorBgLayout: '#0f1317',
    colorBgContainer: '#171c22',
    colorBgElevated: '#202730',
    colorBorder: '#6f7b88',
    colorBorderSecondary: '#2a323b',
  },
} as const satisfies Record<Shade, ThemeConfig['token']>;

/** The bars of charts; a colour-blind person tells neighbours apart by their lightness. */
export const CHART_COLOURS = {
  light: {
    good: '#2c9a5c',
    wait: '#d9970f',
    bad: '#b3202b',
    quiet: '#8a95a1',
    line: '#e0e4e9',
    text: '#55606d',
  },
  dark: {
    good: '#3fae72',
    wait: '#e0a93f',
    bad: '#ff7f79',
    quiet: '#6f7b88',
    line: '#2a323b',
    text: '#a5b0bc',
  },
} as const;

const FONT = `system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Hiragino Sans GB',
  'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', 'WenQuanYi Zen Hei', sans-serif`;
const FONT_CODE = `ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', monospace`;

const MADE: Record<Shade, ThemeConfig> = { light: make('light'), dark: make('dark') };

/** Without `zeroRuntime`, which the page adds: the build writes the styles by this very theme. */
export function themeOf(shade: Shade): ThemeConfig {
  return MADE[shade];
}

function make(shade: Shade): ThemeConfig {
  return {
    algorithm: shade === 'dark' ? antd.darkAlgorithm : antd.defaultAlgorithm,
    hashed: false,
    cssVar: { key: classOf(shade) },
    token: {
      ...COLOURS[shade],
      fontFamily: FONT,
      fontFamilyCode: FONT_CODE,
      borderRadius: 6,
      // A red button with white text needs more contrast in the dark than red text has.
      ...(shade === 'dark' && { colorErrorHover: '#ffb3af' }),
    },
    components: {
      // Seen on the page itself, whose colour it would have.
      Segmented:
        shade === 'dark' ? { trackBg: '#1d242b', itemSelectedBg: '#3a4552' } : { trackBg: '#e3e7eb' },
      Button: {
        ...{ primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none' },
        // On the light red of a dark page white is too weak.
        ...(shade === 'dark' && { dangerColor: '#2a0b0b' }),
      },
    },
  };
}
