"""Small pages for people who came by a link in a mail: nothing but text and a form, and nothing that could do harm.

Nothing is fetched, no script runs, nobody may frame the page, keep it, or be told from where its reader came.
"""

import base64
import hashlib

from fastapi import Response
from markupsafe import Markup

STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; padding: 24px 12px; background: #eef1f5; color: #1c2430; font: 16px/24px Arial, sans-serif; }
main { max-width: 640px; margin: 0 auto; padding: 8px 28px 28px; background: #fff; border: 1px solid #d9dfe7; }
h1 { font-size: 22px; line-height: 28px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 28px 0 8px; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: normal; color: #5a6675; }
th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid #d9dfe7; vertical-align: top; overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; }
.said { background: #fff6e0; border-left: 4px solid #d98c00; padding: 10px 14px; }
fieldset { border: 0; padding: 0; margin: 0 0 12px; }
label { display: block; padding: 4px 0; }
button { font: inherit; font-weight: bold; padding: 12px 22px; border: 1px solid; }
button { background: #12395b; color: #fff; border-color: #12395b; }
button.no { background: transparent; color: #8a1c1c; border-color: #8a1c1c; }
@media (prefers-color-scheme: dark) {
body { background: #10151c; color: #e6ebf1; }
main { background: #1a212b; border-color: #33404f; }
th { color: #a3b1c2; }
th, td { border-color: #33404f; }
.said { background: #3a2f14; }
button { background: #2f6ea5; border-color: #2f6ea5; }
button.no { color: #ff9d9d; border-color: #ff9d9d; }
}
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n'
    "<body>\n<main>\n<h1>{title}</h1>\n{content}\n</main>\n</body>\n</html>\n"
)


def answer(language: str, title: str, content: Markup, status: int = 200) -> Response:
    """A page as an answer. `content` is HTML, in which everything that others wrote is escaped already."""
    html = _PAGE.format(language=language, title=title, style=Markup(STYLE), content=content)  # noqa: S704 - it is ours
    return Response(html, status_code=status, media_type="text/html", headers=HEADERS)


def paragraph(text: str, kind: str = "") -> Markup:
    """A text as a paragraph, escaped."""
    return Markup('<p class="{}">{}</p>').format(kind, text) if kind else Markup("<p>{}</p>").format(text)
