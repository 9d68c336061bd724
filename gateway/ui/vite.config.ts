/**
 * Build of the site's page; no plug-ins: Preact's JSX is compiled by Vite itself. Typed by Vite
 * when it reads it.
 */
export default {
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0, // the content security policy loads files only
    reportCompressedSize: false,
    chunkSizeWarningLimit: 300,
  },
};
