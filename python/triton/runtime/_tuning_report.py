"""`Autotuner.report`: a page that shows what was tried, and what came of it. It needs no other file and no network."""

from __future__ import annotations

import html

from ._tuning import row_name, shown_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .autotuner import Autotuner, Config

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --page: #fff; --quiet: #667; --line: #d8dce2; --bar: #9db7dd;
  --best: #2e8b57; --bad: #b3403a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --page: #16181c; --quiet: #9aa; --line: #363b44;
  --bar: #45638f; --best: #55b884; --bad: #e0756f; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2em auto;
  max-width: 76em; padding: 0 1.5em; }
h1 { font-size: 1.5em; margin-bottom: .2em } h2 { font-size: 1.15em; margin: 2em 0 .3em }
p { margin: .3em 0; max-width: 60em } .quiet { color: var(--quiet) } .best { color: var(--best); font-weight: 600 }
.bad { color: var(--bad) } code { font: .93em ui-monospace, monospace }
.wide { overflow-x: auto } table { border-collapse: collapse; margin: .8em 0; font-variant-numeric: tabular-nums }
th { text-align: right; font-weight: 600; color: var(--quiet); border-bottom: 1px solid var(--line) }
th, td { padding: .22em .7em; white-space: nowrap } td { text-align: right }
td.text, th.text { text-align: left; white-space: normal; min-width: 12em } tr:hover td { background: #8881 }
td.bar { width: 16em; padding-right: 0 } th.bar { text-align: left }
.bar div { height: .8em; background: var(--bar); border-radius: 2px } tr.first .bar div { background: var(--best) }
tr.first td { font-weight: 600 } tr.same td { color: var(--quiet) }
"""

_OPTIONS = ("num_warps", "num_stages", "num_ctas", "maxnreg", "ir_override")
_FACTS = (("registers", "registers"), ("spills", "spills"), ("shared", "shared"), ("code", "code"))


def _bytes(count: int) -> str:
    return f"{count} B" if count < 1024 else f"{count / 1024:.1f} KB"


def _fact(name: str, facts: dict) -> str:
    value = facts.get(name)
    if value is None:
        return "–"
    return _bytes(value) if name in ("shared", "code") else str(value)


def _settings(config: Config) -> dict:
    return {**config.kwargs, **{name: getattr(config, name) for name in _OPTIONS}}


def _time(row: dict) -> float:
    return (row.get("times") or [float("inf")])[0]


def _table(configs: Sequence[Config], best: Config, rows: dict[str, dict]) -> str:
    """The configurations, fastest first, with those settings that differ between them."""
    settings = [_settings(config) for config in configs]
    names = list(dict.fromkeys(name for each in settings for name in each))
    varied = [name for name in names if len({repr(each.get(name)) for each in settings}) > 1]
    found = [(config, rows.get(row_name(config), {})) for config in configs]
    found.sort(key=lambda item: (item[0] is not best, _time(item[1]), bool(item[1].get("same"))))
    facts = [(key, title) for key, title in _FACTS if any(key in row.get("facts", {}) for _, row in found)]
    least = _time(found[0][1])
    number = {str(config): at + 1 for at, (config, _) in enumerate(found)}
    finite = [_time(row) for _, row in found if _time(row) < float("inf")]
    longest = min(max([1.0, *[t / least for t in finite if least > 0]]), 10.0)
    heads = "<th></th>" + "".join(f"<th>{html.escape(str(name))}</th>" for name in varied)
    heads += "<th>time</th><th class=bar>beside the best</th><th></th><th>runs</th>"
    heads += "".join(f"<th>{title}</th>" for _, title in facts) + "<th class=text></th>"
    lines = []
    for at, (config, row) in enumerate(found):
        time = _time(row)
        runs_at_all = time != float("inf")
        cells = [f"<td class=quiet>{at + 1}</td>"]
        cells += [f"<td>{html.escape(str(_settings(config).get(name, '')))}</td>" for name in varied]
        cells.append(f"<td>{shown_time(time)}</td>" if runs_at_all else "<td class=bad>–</td>")
        if runs_at_all and least > 0:
            # What takes more than ten times as long as the best looks alike.
            width = min(time / least, longest) / longest * 100
            cells.append(f'<td class=bar><div style="width:{width:.1f}%"></div></td><td>{time / least:.2f}x</td>')
        else:
            cells.append("<td class=bar></td><td></td>")
        cells.append(f"<td>{row.get('runs') or ''}</td>")
        cells += [f"<td>{_fact(key, row.get('facts', {}))}</td>" for key, _ in facts]
        why = f"same program as {number[row['same']]}" if row.get("same") in number else row.get("why", "")
        if config is best:
            why = "chosen"
        kind = "text" if runs_at_all else "text bad"
        cells.append(f'<td class="{kind}">{html.escape(why)}</td>')
        mark = "first" if config is best else "same" if row.get("same") else ""
        lines.append(f"<tr class={mark or 'plain'}>{''.join(cells)}</tr>")
    common = [
        f"{name}: {settings[0].get(name)}" for name in names if name not in varied and settings[0].get(name) is not None
    ]
    note = f"<p class=quiet>In all of them {html.escape(', '.join(common))}.</p>" if common else ""
    return f"{note}<div class=wide><table><tr>{heads}</tr>\n" + "\n".join(lines) + "</table></div>\n"


def _choice(tuner: Autotuner, key: tuple, choice: tuple) -> str:
    configs, best, seconds = choice
    rows = tuner._rows[key]
    named = dict(zip(tuner.keys, key, strict=False))
    types = key[len(tuner.keys) :]
    title = (
        ", ".join([f"{name} = {value}" for name, value in named.items()] + [str(t) for t in types]) or "all arguments"
    )
    known = [rows.get(row_name(config), {}) for config in configs]
    same = sum(1 for row in known if row.get("same"))
    failed = sum(1 for row in known if _time(row) == float("inf"))
    parts = [f"{len(configs)} configurations"]
    if same:
        parts.append(f"{len(configs) - same} different programs")
    if failed:
        parts.append(f"{failed} that cannot run here")
    took = f"measured in {shown_time(seconds * 1e3)}" if seconds else "known from an earlier process"
    time = _time(rows.get(row_name(best), {}))
    targets = [row["facts"]["target"] for row in known if row.get("facts", {}).get("target")]
    where = f", for <code>{html.escape(targets[0])}</code>" if targets else ""
    return (
        f"<h2>{html.escape(title)}</h2>\n<p>{', '.join(parts)}; {took}{where}.</p>\n"
        f"<p><span class=best>{shown_time(time)}</span> with <code>{html.escape(str(best))}</code></p>\n"
        + _table(configs, best, rows)
    )


def page(tuner: Autotuner) -> str:
    """The page of an autotuner."""
    name = html.escape(tuner.base_fn.__name__)
    choices = "".join(_choice(tuner, key, choice) for key, choice in tuner._choices.items())
    if not choices:
        choices = "<p>Nothing was chosen yet: the kernel was not launched, or has one configuration only.</p>\n"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Tuning of {name}</title>\n'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n<body>\n'
        f"<h1>Tuning of <code>{name}</code></h1>\n"
        "<p class=quiet>A time is what the choice was made by: in a race the least times of a launch's parts, added "
        "up, or the mean of the three least samples; else what the given benchmark function answered. Configurations "
        "that leave the race early have fewer runs and coarser times.</p>\n"
        f"{choices}</body>\n</html>\n"
    )
