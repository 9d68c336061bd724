const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML, also inside quotes; what would turn the direction of reading is left out. */
export const escaped = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, ' ')
    .replaceAll(/[&<>"']/g, (char) => NAMED[char] ?? '');
