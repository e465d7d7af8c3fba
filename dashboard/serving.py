"""Which models served last, so that a server goes on when the next one is refused.

DATA/serving.json    {"encoder": folder, "reranker": folder}

Folders only: an embeddings server that was taken out of the settings must not be sent another text.
"""

import json
import logging
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

    def keep(self, role: Role, folder: str) -> None:
        """Remember a folder that the settings name and that serves. Without a place to write, nothing is remembered."""
        folder, known = str(Path(folder).absolute()), self._read()
        if known.get(role) == folder:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_json(self._path, known | {role: folder})
        except OSError as error:
            logging.getLogger("zhenlu").error("%s: %s", self._path, error)

    def previous(self, role: Role, opened: Callable[[str], Model]) -> tuple[str, Model]:
        """The model that served last and can still be opened, else the compact one."""
        if folder := self._read().get(role):
            try:
                return folder, opened(folder)
            except ZhenluError as refusal:
                logging.getLogger("zhenlu").error("%s refused: %s", role, refusal)
        folder = str(COMPACT[role])
        return folder, opened(folder)

    def _read(self) -> dict[str, str]:
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(saved, dict):
            return {}
        return {k: v for k, v in saved.items() if isinstance(v, str) and Path(v).is_absolute()}
