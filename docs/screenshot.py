"""Draws docs/run.svg: a real run on a copy of examples/dirty-workspace, as a terminal shows it.

    python3 docs/screenshot.py path/to/factory-gate

What is left out (the section `How to fix`, and the table of phases) is marked by three dots.
"""

import html
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEFT_OUT = ["How to fix", "Phases"]
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "35": "#d2a8ff", "36": "#76e3ea"}
PLAIN, DIM, GROUND = "#e6edf3", "#8b949e", "#0d1117"
WIDTH, HEIGHT, MARGIN = 8.43, 19, 20
COLUMNS = 120


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        workspace = pathlib.Path(scratch, "dirty-workspace")
        shutil.copytree(ROOT / "examples" / "dirty-workspace", workspace, symlinks=True)
        command = [program, "run", "dirty-workspace", "--database", "factory_deployment.db", "--quiet", "--color", "always"]
        shown = subprocess.run(command, cwd=scratch, stdout=subprocess.PIPE, check=False).stdout.decode()
    lines = ["\x1b[1m$ factory-gate run dirty-workspace\x1b[0m", "", *shorten(shown.rstrip("\n").split("\n"))]
    (ROOT / "docs" / "run.svg").write_text(draw(lines), encoding="utf-8")


def shorten(lines):
    """Sections are told apart by blank lines; a section's first line is its title."""
    sections = "\n".join(lines).split("\n\n")
    kept = []
    for section in sections:
        title = bare(section.split("\n")[0])
        kept.append("\x1b[2m...\x1b[0m" if title in LEFT_OUT else section)
    return "\n\n".join(kept).split("\n")


def bare(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def draw(lines):
    too_long = [bare(line) for line in lines if len(bare(line)) > COLUMNS]
    if too_long:
        sys.exit(f"longer than {COLUMNS} columns: {too_long}")
    width = round(COLUMNS * WIDTH + 2 * MARGIN)
    height = len(lines) * HEIGHT + 2 * MARGIN
    rows = [row(line, MARGIN + (index + 1) * HEIGHT - 5) for index, line in enumerate(lines)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<title>Factory Gate on the dirty workspace</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{GROUND}"/>',
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14" fill="{PLAIN}">',
        *filter(None, rows),
        "</g>",
        "</svg>",
        "",
    ])


def row(line, height):
    """One line of the terminal: a text element for each run of equal style, placed by its column."""
    drawn, column, bold, colour = [], 0, False, PLAIN
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if code:
            for number in (code[1] or "0").split(";"):
                if number == "0":
                    bold, colour = False, PLAIN
                elif number == "1":
                    bold = True
                elif number == "2":
                    colour = DIM
                elif number in COLOURS:
                    colour = COLOURS[number]
                else:
                    sys.exit(f"the style {number} is not known here")
        elif part.strip():
            start = column + len(part) - len(part.lstrip(" "))
            text = part.strip(" ")
            style = ' font-weight="bold"' if bold else ""
            style += f' fill="{colour}"' if colour != PLAIN else ""
            left, length = round(MARGIN + start * WIDTH, 2), round(len(text) * WIDTH, 2)
            drawn.append(
                f'<text x="{left}" y="{height}" textLength="{length}" xml:space="preserve"{style}>{html.escape(text)}</text>'
            )
        if not code:
            column += len(part)
    return "".join(drawn)


main()
