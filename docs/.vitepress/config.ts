/** The documents as a site: `npm ci --prefix docs && npm run --prefix docs build` writes it to docs/.vitepress/dist. For a
 * site below a path, `-- --base /path/` follows. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { toLlms } from './llms.js';
import { GROUPS, INTERNALS, type SitePage, toAnchor } from './pages.js';

const DOCS = join(import.meta.dirname, '..');

const inEnglish = ({ path, en }: SitePage): DefaultTheme.SidebarItem => ({ text: en, link: `/${path}` });

const inChinese = ({ path, zh }: SitePage): DefaultTheme.SidebarItem => ({ text: zh, link: `/zh/${path}` });

const decisions = readdirSync(join(DOCS, 'internals/adr'))
  .sort()
  .map((file) => ({
    text: /^# (.+)$/m.exec(readFileSync(join(DOCS, 'internals/adr', file), 'utf8'))?.[1] ?? file,
    link: `/internals/adr/${file.replace(/\.md$/, '')}`,
  }));

const internals: DefaultTheme.SidebarItem[] = [
  { text: 'Internals', items: INTERNALS.map(([path, text]) => ({ text, link: `/${path}` })) },
  { text: 'Decisions', items: decisions },
];

export default defineConfig({
  title: 'WXKF-Manager',
  markdown: { anchor: { slugify: toAnchor } },
  /** Programs read llms.txt, and the pages as they are written. */
  buildEnd({ outDir, pages, site: { base } }) {
    for (const page of pages) cpSync(join(DOCS, page), join(outDir, page));
    writeFileSync(join(outDir, 'llms.txt'), toLlms(base));
  },
  locales: {
    root: {
      label: 'English',
      lang: 'en',
      description: 'Stands between WeCom customer service and the bots that answer.',
      themeConfig: {
        nav: [
          { text: 'Start', link: '/start' },
          { text: 'Bots', link: '/bots' },
          { text: 'Operate', link: '/operate' },
          { text: 'Reference', link: '/reference/configuration' },
          { text: 'Internals', link: '/internals/callback-lifecycle' },
        ],
        sidebar: {
          '/': GROUPS.map(({ en, pages }) => ({ text: en, items: pages.map(inEnglish) })),
          '/internals/': internals,
        },
      },
    },
    zh: {
      label: '简体中文',
      lang: 'zh-CN',
      description: '位于企业微信的微信客服与负责应答的机器人之间。',
      themeConfig: {
        nav: [
          { text: '开始', link: '/zh/start' },
          { text: '机器人', link: '/zh/bots' },
          { text: '运维', link: '/zh/operate' },
          { text: '参考', link: '/zh/reference/configuration' },
          { text: '内部设计（英文）', link: '/internals/callback-lifecycle' },
        ],
        sidebar: GROUPS.map(({ zh, pages }) => ({ text: zh, items: pages.map(inChinese) })),
        outline: { label: '本页内容' },
        docFooter: { prev: '上一页', next: '下一页' },
        darkModeSwitchLabel: '深色模式',
        lightModeSwitchTitle: '切换到浅色模式',
        darkModeSwitchTitle: '切换到深色模式',
        sidebarMenuLabel: '目录',
        returnToTopLabel: '回到顶部',
        langMenuLabel: '切换语言',
        skipToContentLabel: '跳到正文',
        notFound: {
          title: '没有这个页面',
          // The language's menu leads here from the pages for contributors.
          quote: '内部设计的页面只有英文版。其他内容请从首页或搜索继续。',
          linkLabel: '回到首页',
          linkText: '回到首页',
        },
      },
    },
  },
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          options: {
            // Chinese has no blanks between words. VitePress takes this function as text to the browser: it stands alone.
            tokenize: (text: string) =>
              Array.from(new Intl.Segmenter('zh', { granularity: 'word' }).segment(text))
                .filter(({ isWordLike }) => isWordLike)
                .flatMap(({ segment }) => segment.split('_')),
          },
        },
        locales: {
          zh: {
            translations: {
              button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
              modal: {
                displayDetails: '显示详情',
                resetButtonTitle: '清除',
                backButtonTitle: '关闭搜索',
                noResultsText: '没有结果：',
                footer: {
                  selectText: '选择',
                  selectKeyAriaLabel: '回车键',
                  navigateText: '切换',
                  navigateUpKeyAriaLabel: '上箭头',
                  navigateDownKeyAriaLabel: '下箭头',
                  closeText: '关闭',
                  closeKeyAriaLabel: 'Esc 键',
                },
              },
            },
          },
        },
      },
    },
  },
});
