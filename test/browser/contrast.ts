/**
 * Runs in the page: texts whose contrast with what they stand on is below 4.5:1. Backgrounds are
 * those of the nearest ancestor that has one; texts of drawings stand on their card.
 */
export function paleTexts(): string[] {
  const canvas = document.createElement('canvas');
  canvas.width = 1;
  canvas.height = 1;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const rgba = (colour: string): readonly number[] => {
    if (pen === null) return [0, 0, 0, 0];
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = rgba(colour).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element: Element): string => {
    for (let at: Element | null = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((rgba(colour)[3] ?? 0) > 250) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const pale: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent?.trim() ?? '';
    if (element === null || text === '' || element.closest('title, .spoken, noscript') !== null)
      continue;
    const style = getComputedStyle(element);
    const drawn = element.closest('svg') !== null;
    if (drawn && element.classList.contains('fill-surface')) continue; // on its own dark ground
    const colour = luminance(drawn ? style.fill : style.color);
    const under = luminance(ground(element));
    const ratio = (Math.max(colour, under) + 0.05) / (Math.min(colour, under) + 0.05);
    if (ratio < 4.5) pale.push(`${text} ${ratio.toFixed(2)}`);
  }
  return pale;
}
