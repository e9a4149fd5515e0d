/** What a guest sees who opens the link of an invitation. */

export function renderRedeemed({ displayName, redirectUrl }: { displayName: string; redirectUrl: string }): string {
  return renderPage(
    'Invitation accepted',
    `<p>Welcome, ${escapeHtml(displayName)}. You are now a guest of this organisation.</p>
<p><a href="${escapeHtml(redirectUrl)}">Continue to ${escapeHtml(redirectUrl)}</a></p>`,
  );
}

export function renderUnknownInvitation(): string {
  return renderPage('Invitation not found', '<p>This invitation is not valid, or the guest has been removed.</p>');
}

function renderPage(title: string, content: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>
${content}
</body></html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
