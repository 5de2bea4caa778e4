"""What was found, as the table of README."""

from pathlib import Path
from typing import Any

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def table(figures: dict[str, Any]) -> str:
    """The figures in Markdown; what was not measured is left out."""
    rows = [(shown(figures, label), shown(figures, value)) for label, value in ROWS]
    lines = [f"| {label} | {text} |" for label, text in rows if label and text]
    return "\n".join((introduction(figures["machine"]), "", "| | |", "|---|---|", *lines))


def introduction(machine: dict[str, Any]) -> str:
    """On what, and how."""
    words = (
        f"`guichet bench`, {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['file_system']}, Python {machine['python']}, "
        "driver, servers and databases all on it. The floor is the same body checked by "
        "Litestar and msgspec and put into one PostgreSQL table by one synced INSERT; both have "
        "two workers and the same driver, and their rounds alternate."
    )
    lines: list[str] = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) > 99:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


ROWS = (
    (
        "creates per second, 8 clients: Guichet, floor, ratio",
        "{create_c8_per_s:.0f}, {floor_c8_per_s:.0f}, {create_c8_ratio:.2f}",
    ),
    (
        "creates per second, 32 clients: Guichet, floor, ratio",
        "{create_c32_per_s:.0f}, {floor_c32_per_s:.0f}, {create_c32_ratio:.2f}",
    ),
    (
        "create p50 and p99, 8 clients: Guichet; floor",
        "{create_c8_p50_ms:.1f} and {create_c8_p99_ms:.1f} ms; "
        "{floor_c8_p50_ms:.1f} and {floor_c8_p99_ms:.1f} ms",
    ),
    (
        "create p50 and p99, 32 clients: Guichet; floor",
        "{create_c32_p50_ms:.1f} and {create_c32_p99_ms:.1f} ms; "
        "{floor_c32_p50_ms:.1f} and {floor_c32_p99_ms:.1f} ms",
    ),
    (
        "CPU per create, everything until it is projected, 8 clients: Guichet, floor, ratio",
        "{create_c8_cpu_ms:.2f} ms, {floor_c8_cpu_ms:.2f} ms, {create_cpu_ratio:.1f}",
    ),
    (
        "page of 50 of a queue of {queue_large} open dossiers, p50: most urgent first, from its "
        "middle; newest first, from its middle; to be taken",
        "{queue_p50_ms:.1f} ms, {queue_deep_p50_ms:.1f} ms; {queue_newest_p50_ms:.1f} ms, "
        "{queue_newest_deep_p50_ms:.1f} ms; {queue_state_p50_ms:.1f} ms",
    ),
    (
        "the same at {queue_small}, and the growth",
        "{queue_small_p50_ms:.1f} ms, ×{queue_growth:.2f}",
    ),
    (
        "dossier, then its timeline, p50: both, the slower",
        "{dossier_p50_ms:.1f} ms, {dossier_slower_p50_ms:.1f} ms",
    ),
    (
        "from a 201 to the page that shows it, p99: alone, under 100 creates/s",
        "{read_your_write_p99_ms:.1f} ms, {read_your_write_loaded_p99_ms:.1f} ms",
    ),
    ("from recorded to visible, p99, under 100 creates/s", "{projection_lag_p99_ms:.1f} ms"),
    (
        "import of {import_rows} rows, facts per second; of it, the start of the process",
        "{import_events_per_s:.0f}; {import_start_s:.1f} s",
    ),
    (
        "rebuild of every read model from {rebuild_events} facts",
        "{rebuild_s:.1f} s, {rebuild_events_per_s:.0f} facts/s",
    ),
    (
        "start on {idle_dossiers} dossiers, then memory of all processes at rest",
        "{start_s:.1f} s, {idle_memory_mb:.0f} MB",
    ),
)
"""Each row's label and figures, by their keys."""


def write_readme(figures: dict[str, Any]) -> None:
    """Put the table between the two marks of README.md."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n{table(figures)}\n{END}{after}", encoding="utf-8")


def shown(figures: dict[str, Any], template: str) -> str:
    """`template` with its figures, empty when one of them is missing."""
    try:
        return template.format_map({k: v for k, v in figures.items() if v is not None})
    except KeyError:
        return ""
