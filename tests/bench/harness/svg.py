"""Bar charts as SVG, by hand: grouped bars of medians with whiskers from least to most. Readable on light and dark."""
import html
import math

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 860, 84, 20, 56, 64
HEIGHT = 360
INK = "#808080"
COLORS = {"a": "#2f7ed8", "b": "#d9822b", "limit": "#4c9f70"}


def steps(most):
    """Round numbers from 0 to above `most`."""
    raw = most / 5
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw)
    count = math.ceil(most / step)
    return [step * i for i in range(count + 1)]


def decades(least, most):
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return [10.0 ** power for power in range(low, max(high, low + 1) + 1)]


def number(value):
    return f"{value:g}" if value < 10_000 else f"{value:,.0f}"


def bars(title, axis, categories, series, line=None, logarithmic=False):
    """`series`: [(key, label, [Spread or None for each category])]; `line`: (value, label) across."""
    spreads = [spread for _, _, found in series for spread in found if spread]
    if not spreads:
        return None
    most = max([spread.most for spread in spreads] + ([line[0]] if line else []))
    ticks = decades(max(min(s.least for s in spreads), 1e-6), most) if logarithmic else steps(most or 1)
    plot = Plot(ticks, logarithmic)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" '
           f'fill="{INK}">', f"<title>{html.escape(title)}</title>",
           f'<text x="{LEFT}" y="20" font-size="15">{html.escape(title)}</text>',
           f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">'
           f"{html.escape(axis)}</text>"]
    for tick in ticks:
        y = plot.y(tick)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" stroke-opacity="0.25"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    width = (WIDTH - LEFT - RIGHT) / len(categories)
    for index, category in enumerate(categories):
        left = LEFT + width * index
        out += group(plot, left, width, [(key, found[index]) for key, _, found in series])
        out += label_lines(left + width / 2, category)
    out += legend(series)
    if line:
        y = plot.y(line[0])
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#c0392b" stroke-dasharray="6 4"/>')
        out.append(f'<text x="{WIDTH - RIGHT}" y="{y - 5:.1f}" text-anchor="end" fill="#c0392b">{html.escape(line[1])}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


class Plot:
    def __init__(self, ticks, logarithmic):
        self.low, self.high, self.logarithmic = ticks[0], ticks[-1], logarithmic

    def y(self, value):
        if self.logarithmic:
            share = (math.log10(max(value, self.low)) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        else:
            share = value / self.high
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def group(plot, left, width, members):
    out = []
    each = width * 0.8 / len(members)
    for index, (key, spread) in enumerate(members):
        if not spread:
            continue
        x, top, bottom = left + width * 0.1 + each * index, plot.y(spread.median), HEIGHT - BOTTOM
        middle = x + each * 0.45
        out.append(f'<rect x="{x:.1f}" y="{top:.1f}" width="{each * 0.9:.1f}" height="{bottom - top:.1f}" fill="{COLORS[key]}"/>')
        low, high = plot.y(spread.least), plot.y(spread.most)
        out.append(f'<path d="M{middle:.1f} {low:.1f}V{high:.1f}M{middle - 3:.1f} {low:.1f}h6M{middle - 3:.1f} {high:.1f}h6" '
                   f'stroke="{INK}" fill="none"/>')
        out.append(f'<text x="{middle:.1f}" y="{min(high, top) - 4:.1f}" text-anchor="middle" font-size="9">'
                   f"{short(spread.median)}</text>")
    return out


def short(value):
    if value >= 1000:
        return f"{value / 1000:.1f}k" if value < 10_000 else f"{value / 1000:.0f}k"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def label_lines(x, text):
    return [f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18 + 15 * index}" text-anchor="middle">{html.escape(line)}</text>'
            for index, line in enumerate(text.split("\n"))]


def legend(series):
    out, x = [], LEFT
    for key, label, _ in series:
        out.append(f'<rect x="{x}" y="30" width="12" height="12" fill="{COLORS[key]}"/>')
        out.append(f'<text x="{x + 17}" y="40">{html.escape(label)}</text>')
        x += 17 + 8 * len(label) + 24
    return out
