"""Figures: the table that a tutorial measured, as lines, for light and for dark pages."""

import csv
import io
import os
import re

# Text and grid; then the lines: ours first.
MODES = {
    "light": ("#1f2328", "#d0d7de", ["#0b5cad", "#c4560a", "#6e7781"]),
    "dark": ("#cfd3d8", "#3d444d", ["#6cb6ff", "#f0a35e", "#8b949e"]),
}


def machine():
    """What it was measured on."""
    import torch

    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    except OSError:
        model = None
    name = model[1] if model else os.uname().machine
    return f"{name}, {torch.get_num_threads()} threads, PyTorch {torch.__version__}"


def draw(table, program, mode):
    """An SVG of the columns of a table over its size; the axes are called as the program calls them."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ink, grid, colours = MODES[mode]
    with open(table, encoding="utf-8") as file:
        header, *rows = csv.reader(file)

    def label(name):
        return re.search(rf'{name}="([^"]*)"', program)[1]

    x_name = re.search(r'x_names=\["(\w+)"', program)[1]
    xs = [float(row[header.index(x_name)]) for row in rows]
    style = {"svg.fonttype": "none", "svg.hashsalt": "tritonc", "font.family": "sans-serif", "font.size": 11}
    with plt.rc_context(style):
        figure, axes = plt.subplots(figsize=(7, 3.8))
        for colour, name in zip(colours, header[header.index(x_name) + 1 :], strict=False):
            ys = [float(row[header.index(name)]) for row in rows]
            axes.plot(xs, ys, label=name, color=colour, linewidth=2, marker="o", markersize=4)
        if "x_log=True" in program:
            axes.set_xscale("log", base=2)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(label("xlabel"), color=ink)
        axes.set_ylabel(label("ylabel"), color=ink)
        axes.grid(color=grid, linewidth=0.6)
        axes.tick_params(colors=ink, which="both")
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(grid)
        axes.legend(frameon=False, labelcolor=ink)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
    return out.getvalue()
