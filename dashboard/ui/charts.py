"""Plotly figures in the product's one hue."""

import numpy as np
import plotly.graph_objects as go
from scipy.cluster.hierarchy import dendrogram

from dashboard.similarity import Matrix

SCALE = [[0.0, "#F4F8F7"], [0.4, "#9AD3CB"], [0.7, "#2C9C8F"], [1.0, "#0B4F4A"]]
ACCENT = "#0F766E"
LABEL_MAX = 24


def heatmap(matrix: Matrix, label: str) -> go.Figure:
    """The matrix in clustered order on a fixed scale 0 to 1, its dendrogram above."""
    order = list(matrix.order)
    names = [_short(matrix.terms[i]) for i in order]
    cells = matrix.matrix[np.ix_(order, order)]
    full = [[f"{matrix.terms[a]} ↔ {matrix.terms[b]}" for b in order] for a in order]
    figure = go.Figure(
        go.Heatmap(
            z=cells,
            x=list(range(len(names))),
            y=list(range(len(names))),
            zmin=0,
            zmax=1,
            colorscale=SCALE,
            xgap=1,
            ygap=1,
            text=full,
            hovertemplate="%{text}<br>" + label + " %{z:.2f}<extra></extra>",
            colorbar={"thickness": 8, "len": 0.5, "outlinewidth": 0, "tickvals": [0, 0.5, 1]},
        )
    )
    top = 0.86 if len(names) > 2 else 1.0
    if top < 1:
        tree = dendrogram(matrix.linkage, no_plot=True)
        for xs, ys in zip(tree["icoord"], tree["dcoord"], strict=True):
            # scipy puts leaf i at 10 i + 5
            figure.add_scatter(
                x=[(x - 5) / 10 for x in xs], y=ys, yaxis="y2", mode="lines", hoverinfo="skip",
                line={"color": "#7A8B88", "width": 1}, showlegend=False,
            )  # fmt: skip
        figure.update_layout(yaxis2={"domain": [top + 0.01, 1], "visible": False, "fixedrange": True})
    ticks = {"tickvals": list(range(len(names))), "ticktext": names, "showgrid": False, "zeroline": False, "ticks": ""}
    figure.update_layout(
        xaxis=ticks | {"tickangle": -45, "range": [-0.5, len(names) - 0.5], "fixedrange": True},
        yaxis=ticks | {"autorange": False, "range": [len(names) - 0.5, -0.5], "domain": [0, top], "fixedrange": True},
        height=max(320, min(900, 150 + 30 * len(names))),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def gauge(percent: float, thresholds: dict[str, float]) -> go.Figure:
    """A percentage on a dial whose steps are the levels."""
    related, very = thresholds["related"] * 100, thresholds["very_similar"] * 100
    figure = go.Figure(
        go.Indicator(
            mode="gauge+number",
            value=percent,
            number={"suffix": "%", "font": {"size": 40}},
            gauge={
                "axis": {"range": [0, 100], "tickvals": [0, round(related), round(very), 100]},
                "bar": {"color": ACCENT, "thickness": 0.5},
                "borderwidth": 0,
                "steps": [
                    {"range": [0, related], "color": "rgba(122,139,136,0.15)"},
                    {"range": [related, very], "color": "rgba(44,156,143,0.25)"},
                    {"range": [very, 100], "color": "rgba(11,79,74,0.45)"},
                ],
            },
        )
    )
    figure.update_layout(height=230, margin={"l": 30, "r": 30, "t": 20, "b": 8}, paper_bgcolor="rgba(0,0,0,0)")
    return figure


def _short(term: str) -> str:
    return term if len(term) <= LABEL_MAX else term[: LABEL_MAX - 1] + "…"
