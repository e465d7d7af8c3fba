"""Which models served last, so that a server goes on when the next one is refused.

DATA/serving.json    {"encoder": folder or address, "reranker": folder or "none"}
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from dashboard.checkpoint import COMPACT
from dashboard.domain import ZhenluError
from dashboard.store import replace_json

Role = Literal["encoder", "reranker"]
Model = TypeVar("Model")


class Serving:
    def __init__(self, data: Path):
        self._path = data / "serving.json"

    def keep(self, role: Role, spec: str) -> None:
        """Remember what serves now."""
        known = self._read()
        if known.get(role) != spec:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_json(self._path, known | {role: spec})

    def previous(self, role: Role, opened: Callable[[str], Model]) -> tuple[str, Model]:
        """The model that served last and can still be opened, else the compact one."""
        spec = self._read().get(role, "")
        if spec:
            try:
                return spec, opened(spec)
            except ZhenluError:
                pass  # it went with the one that was refused
        spec = str(COMPACT[role])
        return spec, opened(spec)

    def _read(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}
