import type { Severity } from '../../core/severity.ts';
import { escapeHtml } from './escape-html.ts';
import type { Letter, LetterSection } from './letter.ts';

/** White text on each of them has a contrast of at least 4.5 to 1. */
const colors: Readonly<Record<Severity, string>> = { low: '#1f5fa8', medium: '#8a5a00', high: '#b04500', critical: '#b3261e' };
const quiet = '#2e6b3f';

const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const mono = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px';

/** Clients that know no style sheet show the inline styles: dark on light. */
const darkStyle = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){.page{background:#16181b!important}.card{background:#22262b!important}.ink{color:#e8eaed!important}.dim{color:#a9b0b8!important}.line{border-color:#3a4047!important}}`;

/** The part of a mail that is HTML: tables and inline styles, as mail clients want it. All texts are escaped. */
export function mailHtml({ headline, sections, closing }: Letter, sender: string): string {
  const rest = closing === '' ? '' : row(paragraph(closing));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(headline)}</title>
<style>${darkStyle}</style>
</head>
<body class="page" style="margin:0;padding:0;background:#eef0f2">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#eef0f2"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" class="card" width="600" cellpadding="0" cellspacing="0" style="width:100%;max-width:600px;background:#ffffff;border-radius:8px;overflow:hidden;table-layout:fixed">
<tr><td style="background:${bannerColor(sections)};padding:16px 24px;${font};font-size:18px;font-weight:600;line-height:1.35;color:#ffffff;word-break:break-word">${escapeHtml(headline)}</td></tr>
${sections.map((section, index) => sectionRows(section, index, sections.length > 1)).join('\n')}${rest}
<tr><td class="line dim" style="padding:12px 24px;border-top:1px solid #dde1e5;${font};font-size:12px;color:#5c6670">${escapeHtml(sender)}</td></tr>
</table>
</td></tr></table>
</body>
</html>
`;
}

/** The headline has the title of an only one. */
function sectionRows(section: LetterSection, index: number, isTitled: boolean): string {
  const { title, summary, severity, status, state, facts, done, advice, links } = section;
  const color = status === 'firing' ? colors[severity] : quiet;
  return row(
    `${isTitled ? `<div class="ink" style="${font};font-size:16px;font-weight:600;color:#1d2328;margin:0 0 6px">${escapeHtml(title)}</div>\n` : ''}\
${paragraph(summary)}
<div class="dim" style="${font};font-size:13px;line-height:1.5;color:#5c6670;margin:0 0 12px">${escapeHtml(state)}</div>
${factsTable(facts)}${list('Done so far', done)}${advice === '' ? '' : heading('What to do') + paragraph(advice)}${links.map(({ label, url }, at) => button(label, url, at === 0 ? color : undefined)).join('')}`,
    index > 0,
  );
}

function row(content: string, hasLine = false): string {
  return `<tr><td class="line" style="padding:20px 24px 12px;${hasLine ? 'border-top:1px solid #dde1e5;' : ''}word-break:break-word">${content}</td></tr>`;
}

function paragraph(text: string): string {
  if (text === '') return '';
  const lines = escapeHtml(text).replaceAll('\n', '<br>');
  return `<div class="ink" style="${font};font-size:14px;line-height:1.5;color:#1d2328;margin:0 0 12px">${lines}</div>`;
}

function heading(text: string): string {
  return `<div class="dim" style="${font};font-size:12px;font-weight:600;color:#5c6670;margin:12px 0 4px">${text}</div>`;
}

function factsTable(facts: LetterSection['facts']): string {
  if (facts.length === 0) return '';
  const rows = facts.map(
    ({
      name,
      value,
    }) => `<tr><td class="dim" valign="top" width="130" style="padding:3px 12px 3px 0;${font};font-size:13px;color:#5c6670;word-break:break-word">${escapeHtml(name)}</td>\
<td class="ink" valign="top" style="padding:3px 0;${mono};color:#1d2328;word-break:break-word">${escapeHtml(value).replaceAll('\n', '<br>')}</td></tr>`,
  );
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="table-layout:fixed;margin:0 0 8px">${rows.join('\n')}</table>`;
}

function list(name: string, sentences: readonly string[]): string {
  return sentences.length === 0 ? '' : heading(name) + paragraph(sentences.map((sentence) => `• ${sentence}`).join('\n'));
}

/** The first one stands out. */
function button(label: string, url: string, color: string | undefined): string {
  const look =
    color === undefined ? 'color:#1d2328;border:1px solid #9aa3ab' : `background:${color};color:#ffffff;border:1px solid ${color}`;
  return `<a href="${escapeHtml(url)}"${color === undefined ? ' class="ink line"' : ''} style="display:inline-block;margin:8px 8px 8px 0;padding:10px 16px;border-radius:6px;${font};font-size:14px;font-weight:600;text-decoration:none;${look}">${escapeHtml(label)}</a>`;
}

/** The worst of what still lasts. */
function bannerColor(sections: readonly LetterSection[]): string {
  const order = Object.keys(colors);
  const open = sections
    .filter(({ status }) => status === 'firing')
    .toSorted((a, b) => order.indexOf(b.severity) - order.indexOf(a.severity));
  return open[0] ? colors[open[0].severity] : quiet;
}
