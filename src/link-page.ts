import { hash } from 'node:crypto';
import type { AdminAnswer } from './admin/route.ts';
import { escapeHtml } from './alerts/channels/escape-html.ts';

export interface LinkPage {
  readonly status: number;
  readonly title: string;
  readonly lines: readonly string[];
  /** What the button of its form says; none without it. */
  readonly button?: string;
}

const style = `:root{color-scheme:light dark;font:17px/1.5 system-ui,sans-serif}
body{max-width:36rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.3rem;overflow-wrap:anywhere}
p{overflow-wrap:anywhere;white-space:pre-line}
input,button{font:inherit;box-sizing:border-box;width:100%;padding:.8rem;margin:.4rem 0;border-radius:.5rem;border:1px solid}
button{font-weight:600;background:#1f5fa8;color:#fff}`;

/** Nothing may act but the form, and that only towards us. The browser says where its form comes from, which no-referrer would keep it from. */
const headers = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  'referrer-policy': 'same-origin',
};

/** A page for a person with a phone: what a link is about, and a form that acts. Its texts are escaped. */
export function linkPage({ status, title, lines, button }: LinkPage): AdminAnswer {
  const form =
    button === undefined
      ? ''
      : `<form method="post"><label>Your name, so that others know (may be empty)<input name="name" maxlength="60" autocomplete="name"></label>
<button>${escapeHtml(button)}</button></form>
`;
  const text = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<h1>${escapeHtml(title)}</h1>
${lines.map((line) => `<p>${escapeHtml(line)}</p>\n`).join('')}${form}</html>
`;
  return { status, type: 'text/html; charset=utf-8', text, headers };
}
