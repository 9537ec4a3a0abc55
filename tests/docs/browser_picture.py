"""A page as a browser lays it out, drawn as an SVG of boxes and words: a picture that is text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CHROMIUM", "page_picture"]

CHROMIUM = "/usr/bin/chromium"

_FONTS = "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif"

_LOOK = r"""
(limit) => {
  const boxes = [], words = [];
  const seen = (style) => style.visibility === "visible" && style.opacity !== "0";
  const round = (rect) => ["left", "top", "width", "height"].map((side) => Math.round(rect[side] * 10) / 10);
  const inside = (rect) => rect.width > 0 && rect.height > 0 && rect.left >= 0 && rect.top < limit;
  const box = ({left, top, width, height}) => ({left, top, width, height});
  const bare = (style) => style.content.slice(1, -1);
  const pseudo = (element, place) => {
    const style = getComputedStyle(element, place);
    return /^".+"$/.test(style.content) ? style : null;
  };
  const pen = document.createElement("canvas").getContext("2d");
  const broken = (style, width) => {
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    return bare(style).split("\u200b").reduce((lines, part) => {
      const longer = (lines.at(-1) ?? "") + part;
      if (lines.length && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
      else lines.push(part);
      return lines;
    }, []);
  };
  const write = (text, rect, style) => words.push({
    text, box: round(rect), fill: style.color, size: parseFloat(style.fontSize), weight: style.fontWeight,
  });
  for (const element of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(element), rect = element.getBoundingClientRect();
    if (!element.checkVisibility() || !seen(style) || !inside(rect)) continue;
    if (element.closest("caption, script, option")) continue;
    const fill = style.backgroundColor, edge = parseFloat(style.borderTopWidth) ? style.borderTopColor : "";
    const whole = parseFloat(style.borderLeftWidth) > 0;
    if (fill !== "rgba(0, 0, 0, 0)" || edge) {
      boxes.push({box: round(rect), fill, edge, whole, radius: parseFloat(style.borderTopLeftRadius) || 0});
    }
    if (element.matches("input, select")) {
      const text = element.matches("select") ? element.selectedOptions[0].text : element.placeholder;
      const pad = parseFloat(style.paddingLeft) + 1;
      write(text, {left: rect.left + pad, top: rect.top, width: 0, height: rect.height}, style);
      continue;
    }
    const label = pseudo(element, "::before"), sign = pseudo(element, "::after");
    if (label) {
      let top = rect.top + parseFloat(style.paddingTop);
      for (const text of broken(label, parseFloat(label.width))) {
        write(text, {left: rect.left, top, width: 0, height: parseFloat(label.lineHeight)}, label);
        top += parseFloat(label.lineHeight);
      }
    }
    if (sign) {
      const range = document.createRange();
      range.selectNodeContents(element);
      const last = [...range.getClientRects()].at(-1);
      write(bare(sign), {left: last.right + 5, top: last.top, width: 0, height: last.height}, sign);
    }
    if (element.matches("summary")) write("\u25b8", {...box(rect), width: 0}, style);
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE) continue;
      let line = null;
      for (const match of node.data.matchAll(/[^\s\u200b]+|[\s\u200b]+/g)) {
        for (let start = match.index; start < match.index + match[0].length; start++) {
          const range = document.createRange();
          range.setStart(node, start);
          range.setEnd(node, start + 1);
          const spot = range.getBoundingClientRect();
          const sign = node.data[start], blank = /[\s\u200b]/.test(sign);
          if (!inside(spot) || (blank && !line)) continue;
          if (line && Math.abs(line.top - spot.top) < 2) {
            line.text += sign;
            if (!blank) line.right = spot.right;
          } else {
            if (line) write(line.text, {...line, width: line.right - line.left}, style);
            line = blank ? null : {text: sign, left: spot.left, right: spot.right, top: spot.top, height: spot.height};
          }
        }
      }
      if (line) write(line.text, {...line, width: line.right - line.left}, style);
    }
  }
  const page = getComputedStyle(document.body).backgroundColor;
  return {boxes, words, page, height: Math.min(limit, document.documentElement.scrollHeight)};
}
"""


def page_picture(page: Path, title: str, *, width: int, height: int, before: str = "") -> str:
    """The page in a window of this width, no more than `height` of it; `before` is a script that is run first."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
        opened.goto(page.as_uri())
        if before:
            opened.evaluate(before)
        seen = opened.evaluate(_LOOK, height)
        browser.close()
    return _drawn(seen, title, width)


def _drawn(seen: dict[str, Any], title: str, width: int) -> str:
    height = round(seen["height"])
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{_FONTS}">',
        f"<title>{escape(title)}</title>",
        f'<clipPath id="page"><rect width="{width}" height="{height}" rx="10"/></clipPath>',
        '<g clip-path="url(#page)">',
        f'<rect width="{width}" height="{height}" fill="{seen["page"]}"/>',
        *map(_box, seen["boxes"]),
        *(_words(item) for item in seen["words"] if item["text"].strip()),
        "</g>",
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10" fill="none" stroke="#9ca3af"/>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _box(item: dict[str, Any]) -> str:
    left, top, width, height = item["box"]
    fill = "none" if item["fill"] == "rgba(0, 0, 0, 0)" else item["fill"]
    if item["edge"] and not item["whole"]:  # a line above, as between the rows of a table
        line = f'<path d="M{left} {top}h{width}" stroke="{item["edge"]}"/>'
        return line if fill == "none" else f'<path d="M{left} {top}h{width}v{height}h-{width}z" fill="{fill}"/>{line}'
    edge = f' stroke="{item["edge"]}"' if item["edge"] else ""
    return f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="{item["radius"]}" fill="{fill}"{edge}/>'


def _words(item: dict[str, Any]) -> str:
    left, top, width, height = item["box"]
    text = item["text"].rstrip()
    # The reader's font may be wider or narrower than the browser's: the words keep their place.
    kept = f' textLength="{width}" lengthAdjust="spacingAndGlyphs"' if width else ""
    weight = f' font-weight="{item["weight"]}"' if item["weight"] not in ("400", "normal") else ""
    base = round(top + height / 2 + item["size"] * 0.36, 1)
    look = f'x="{left}" y="{base}" font-size="{item["size"]}" fill="{item["fill"]}"{weight}{kept}'
    return f"<text {look}>{escape(text)}</text>"
